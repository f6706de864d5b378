import { setTimeout as sleep } from "node:timers/promises";
import type { Log, PartitionRef, Reign } from "../../platform/log/log.ts";
import {
  assertGapless,
  rawClaim,
  rawRecord,
  readAll,
  textOf,
} from "../contracts/log/raw-records.ts";

const LARGEST_BATCH = 8;
const PAUSE_MILLISECONDS = 10;
const TRY_AGAIN_MILLISECONDS = 200;

/**
 * Writes one partition without end as an owner does: a batch, its answer, the next batch. When an
 * outcome is not known, it claims anew, looks whether the batch is there, and appends it if not.
 */
export class SteadyWriter {
  /** What was acknowledged, or found after an outcome that was not known. */
  readonly written: string[] = [];
  unknownOutcomes = 0;
  foundAfterwards = 0;
  readonly #log: Log;
  readonly #partition: PartitionRef;
  /** `null`: the next batch begins with a claim. */
  #reign: Reign | null = null;
  #end = 0;

  constructor(log: Log, partition: PartitionRef) {
    this.#log = log;
    this.#partition = partition;
  }

  async write(signal: AbortSignal): Promise<void> {
    for (let batch = 0; !signal.aborted; batch += 1) {
      const length = 1 + (batch % LARGEST_BATCH);
      const values = Array.from({ length }, (_, i) => `${batch} ${i}/${length}`);
      while (!(await this.#wasWritten(values))) await sleep(TRY_AGAIN_MILLISECONDS);
      this.written.push(...values);
      await sleep(PAUSE_MILLISECONDS);
    }
  }

  /** Fails where a record is missing, torn, doubled, in another order or not ours. */
  async expectAll(): Promise<void> {
    const records = await readAll(this.#log, this.#partition);
    assertGapless(records);
    const found = eventsIn(records);
    const wrong = found.findIndex((text, index) => text !== this.written[index]);
    if (found.length === this.written.length && wrong === -1) return;
    throw new Error(
      `${found.length} records of ${this.written.length}; the first that differs is ` +
        `${found[wrong]} where ${this.written[wrong]} was written`,
    );
  }

  /** False: nothing is known of it. */
  async #wasWritten(values: readonly string[]): Promise<boolean> {
    let reign = this.#reign;
    try {
      if (reign === null) {
        reign = await this.#log.claim(this.#partition, rawClaim("steady writer"));
        if (await this.#isThere(values, reign)) return true;
      }
      const records = values.map((value) => rawRecord(value));
      const answer = await this.#log.append(reign, this.#end, records);
      if (answer.outcome !== "appended") throw new Strange(`an append was ${answer.outcome}`);
      this.#end += values.length;
      return true;
    } catch (error) {
      if (error instanceof Strange) throw error;
      if (reign !== null) this.unknownOutcomes += 1;
      this.#reign = null;
      return false;
    }
  }

  /** Looks at what stands between the last known end and a new claim. */
  async #isThere(values: readonly string[], reign: Reign): Promise<boolean> {
    const since = eventsIn(await readAll(this.#log, this.#partition, this.#end));
    if (since.length > 0 && since.join() !== values.join()) {
      throw new Strange(`${since.join()} where ${values.join()} may be`);
    }
    this.#reign = reign;
    this.#end = reign.epoch + 1;
    if (since.length > 0) this.foundAfterwards += 1;
    return since.length > 0;
  }
}

/** What must never be, as opposed to a log that does not answer. */
class Strange extends Error {}

function eventsIn(records: Awaited<ReturnType<typeof readAll>>): readonly string[] {
  return records.filter(({ key }) => key === "key").map(textOf);
}
