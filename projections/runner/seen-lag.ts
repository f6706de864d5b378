import type { PartitionKey, Positions } from "../../platform/log/log.ts";
import type { LiveLag } from "./pace.ts";

/** A generation that lacks records and has not moved for so long is fed by nobody. */
const UNFED_AFTER_MS = 10_000;
/** Of one partition; beyond it an end counts as seen when there is room again. */
const ENDS_KEPT = 1_000;

interface SeenEnd {
  readonly end: number;
  readonly atMs: number;
}

/**
 * How far a generation lags, told by its positions and by when ends of the log were seen: no record
 * is read for it. It is never told too large, and too small by the time between two looks, or by
 * what it was already at the first.
 */
export class SeenLag {
  readonly #ends = new Map<PartitionKey, SeenEnd[]>();
  #positions: Positions = new Map();
  #movedAtMs: number | null = null;

  /** What was seen at this moment. */
  look(positions: Positions, ends: Positions, nowMs: number): LiveLag {
    if (this.#movedAtMs === null || this.#hasMoved(positions)) this.#movedAtMs = nowMs;
    const stoodMs = nowMs - this.#movedAtMs;
    this.#positions = positions;
    let lagMs = 0;
    for (const [partition, end] of ends) {
      const oldest = this.#oldestLacking(partition, { end, atMs: nowMs });
      if (oldest !== undefined) lagMs = Math.max(lagMs, nowMs - oldest.atMs);
    }
    return { lagMs, isFed: lagMs === 0 || stoodMs < UNFED_AFTER_MS };
  }

  #hasMoved(positions: Positions): boolean {
    if (this.#positions.size !== positions.size) return true;
    return [...positions].some(([partition, next]) => this.#positions.get(partition) !== next);
  }

  #oldestLacking(partition: PartitionKey, seen: SeenEnd): SeenEnd | undefined {
    const ends = this.#ends.get(partition) ?? [];
    this.#ends.set(partition, ends);
    if (seen.end > (ends.at(-1)?.end ?? 0) && ends.length < ENDS_KEPT) ends.push(seen);
    const position = this.#positions.get(partition) ?? 0;
    while ((ends[0]?.end ?? Number.POSITIVE_INFINITY) <= position) ends.shift();
    return ends[0];
  }
}
