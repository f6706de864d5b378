import { type LogReader, type PartitionKey, parsePartitionKey } from "../../platform/log/log.ts";

/** How long what was read serves those who ask about the same or later positions. */
const SERVES_MILLISECONDS = 500;
const ONE_RECORD = { maxRecords: 1, maxBytes: 1 };

interface Known {
  readonly atMs: number;
  readonly position: number;
  readonly timeMs: Promise<number | null>;
}

/**
 * When the records were written that come next in partitions. Every answer of a read model that is
 * behind asks, so that each partition is read for it at most twice a second.
 */
export class NextTimes {
  readonly #log: LogReader;
  readonly #known = new Map<PartitionKey, Known>();

  constructor(log: LogReader) {
    this.#log = log;
  }

  /** Epoch ms; perhaps that of a record before, as it was known half a second ago. `null`: there
   *  is none. */
  timeOf(key: PartitionKey, position: number): Promise<number | null> {
    const nowMs = performance.now();
    const known = this.#known.get(key);
    const serves = known !== undefined && nowMs - known.atMs < SERVES_MILLISECONDS;
    if (serves && known.position <= position) return known.timeMs;
    const timeMs = this.#read(key, position);
    this.#known.set(key, { atMs: nowMs, position, timeMs });
    // Who asks next after a failure asks the log.
    timeMs.catch(() => this.#known.delete(key));
    return timeMs;
  }

  async #read(key: PartitionKey, position: number): Promise<number | null> {
    const [record] = await this.#log.read(parsePartitionKey(key), position, ONE_RECORD);
    return record?.timestampMs ?? null;
  }
}
