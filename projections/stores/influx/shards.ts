/** Of InfluxDB's shards of a week, which begin on Mondays: 1970 began on a Thursday. */
const WEEK_SECONDS = 7 * 86_400;
const FIRST_MONDAY_SECONDS = -3 * 86_400;
const NANOSECOND_DIGITS = 9;
/** Well below the ten minutes after which the server empties the memory of a shard. */
const WARM_MS = 300_000;

type Shards = ReadonlySet<number>;

/**
 * When this process has written to which shard. InfluxDB 1.8 looks every 10 s which shards are
 * idle, with nothing in memory, and forgets the memory of those; what was written between the look
 * and the forgetting is in the write-ahead log, and in no answer until the server starts again. So
 * who writes to a shard that may be idle writes twice.
 */
export class WrittenShards {
  readonly #atMs = new Map<number, number>();

  /** Whether one of them may be idle. */
  mayBeIdle(shards: Shards, nowMs: number): boolean {
    for (const shard of shards) {
      const atMs = this.#atMs.get(shard);
      if (atMs === undefined || nowMs - atMs > WARM_MS) return true;
    }
    return false;
  }

  written(shards: Shards, nowMs: number): void {
    for (const shard of shards) this.#atMs.set(shard, nowMs);
  }
}

/** By the times with which lines of the line protocol end, nanoseconds. */
export function shardsOf(lines: readonly string[]): Shards {
  return new Set(
    lines.map((line) => {
      const seconds = Number(line.slice(line.lastIndexOf(" ") + 1, -NANOSECOND_DIGITS) || "0");
      return Math.floor((seconds - FIRST_MONDAY_SECONDS) / WEEK_SECONDS);
    }),
  );
}
