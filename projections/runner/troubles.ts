import type { PartitionKey } from "../../platform/log/log.ts";

/** What is over sooner is no reason to turn requests away. */
const LASTING_AFTER_MS = 1_000;

interface Standing<Trouble> {
  readonly partition: PartitionKey | null;
  /** As last told. */
  trouble: Trouble;
  readonly sinceMs: number;
}

/** The systemic errors that are being waited out, one for each partition; `null`: for none. */
export class Troubles<Trouble> {
  readonly #clock: () => number;
  /** In the order in which they began. */
  readonly #all = new Map<PartitionKey | null, Standing<Trouble>>();

  /** `clock`: milliseconds that never go back. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** `null`: it is over. */
  told(partition: PartitionKey | null, trouble: Trouble | null): void {
    const known = this.#all.get(partition);
    if (trouble === null) this.#all.delete(partition);
    else if (known) known.trouble = trouble;
    else this.#all.set(partition, { partition, trouble, sinceMs: this.#clock() });
  }

  /** Of the partition that has been in trouble longest. */
  get longest(): Readonly<Standing<Trouble>> | null {
    const [longest] = this.#all.values();
    return longest ?? null;
  }

  /** The same, once it has lasted. */
  get lasting(): Readonly<Standing<Trouble>> | null {
    const { longest } = this;
    const isShort = longest !== null && this.#clock() - longest.sinceMs < LASTING_AFTER_MS;
    return isShort ? null : longest;
  }
}
