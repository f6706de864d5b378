import { type LogReader, type PartitionKey, parsePartitionKey } from "../../platform/log/log.ts";

/** How long what was read serves those who ask about the same position, or a later one. */
const SERVES_MILLISECONDS = 500;
/** A record that was no older when it was read stands for later ones, too. */
const RECENT_MILLISECONDS = 500;
const ONE_RECORD = { maxRecords: 1, maxBytes: 1 };

interface Known {
  readonly atMs: number;
  readonly position: number;
  readonly timeMs: Promise<number | null>;
}

/**
 * When the records were written that come next in partitions. Every answer of a read model that is
 * behind asks; those that are a little behind share what one of them has read.
 */
export class NextTimes {
  readonly #log: LogReader;
  readonly #clock: () => number;
  readonly #known = new Map<PartitionKey, Known>();

  constructor(log: LogReader, clock: () => number) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Epoch ms, too early by a second at most; `null`: there is no such record. */
  async timeOf(key: PartitionKey, position: number): Promise<number | null> {
    const nowMs = this.#clock();
    const known = this.#known.get(key);
    if (known !== undefined && nowMs - known.atMs < SERVES_MILLISECONDS) {
      const timeMs = await known.timeMs;
      // Of somebody else who is far behind: it says nothing about this one.
      const isRecent = timeMs === null || known.atMs - timeMs < RECENT_MILLISECONDS;
      if (known.position === position || (known.position < position && isRecent)) return timeMs;
    }
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
