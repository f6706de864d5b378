import type { LogReader, PartitionKey } from "../../platform/log/log.ts";

/** Ends are asked once per this time, however many queries want them. */
const FRESH_MILLISECONDS = 50;

/** The ends of topics, for the gap that every answer states. */
export class LogEnds {
  readonly #log: LogReader;
  readonly #known = new Map<string, { atMs: number; ends: Promise<readonly number[]> }>();

  constructor(log: LogReader) {
    this.#log = log;
  }

  async endOf(topic: string, partition: number): Promise<number> {
    const now = performance.now();
    let known = this.#known.get(topic);
    if (known === undefined || now - known.atMs > FRESH_MILLISECONDS) {
      known = { atMs: now, ends: this.#log.ends(topic) };
      this.#known.set(topic, known);
    }
    return (await known.ends)[partition] ?? 0;
  }

  /** Events that the positions are behind, over all their partitions. */
  async gap(positions: ReadonlyMap<PartitionKey, number>): Promise<number> {
    let gap = 0;
    for (const [key, position] of positions) gap += await this.gapOf(key, position);
    return gap;
  }

  async gapOf(key: PartitionKey, position: number): Promise<number> {
    const slash = key.lastIndexOf("/");
    const end = await this.endOf(key.slice(0, slash), Number(key.slice(slash + 1)));
    return Math.max(0, end - position);
  }
}
