import type { PartitionKey } from "../../platform/log/log.ts";
import type { Checkpoint, StoredRow } from "../runner/read-store.ts";
import type { RowPair } from "./row-pairs.ts";

/**
 * A row is what its last event has made it until the next one, and a generation tells which event
 * that was. So two rows read at different moments must be equal exactly where some position lies
 * between both of these: after the last event of each, and not beyond what each had applied.
 */
export type Judgement = "equal" | "different" | "unsettled";

export type Positions = ReadonlyMap<PartitionKey, number>;

/** A row of one generation, with its checkpoints before and after it was read. */
export interface Look {
  readonly row: StoredRow | null;
  readonly before: Positions;
  readonly after: Positions;
}

export function judge(
  { live, built }: { readonly live: Look; readonly built: Look },
  isEqual: (pair: RowPair) => boolean,
): Judgement {
  const { row: one } = live;
  const { row: other } = built;
  if (one === null && other === null) return "equal";
  if (one === null) return judgeAbsent(live, { ...built, row: other as StoredRow });
  if (other === null) return judgeAbsent(built, { ...live, row: one });
  const [span, otherSpan] = [spanOf({ ...live, row: one }), spanOf({ ...built, row: other })];
  const isComparable =
    // A row is changed by one partition only; where it were not, nothing would be known.
    one.partition !== other.partition ||
    Math.max(span.first, otherSpan.first) <= Math.min(span.last, otherSpan.last);
  if (!isComparable) return "unsettled";
  return isEqual({ live: one, built: other }) ? "equal" : "different";
}

/** It was not there at some position between the two checkpoints. */
function judgeAbsent(absent: Look, there: Look & { readonly row: StoredRow }): Judgement {
  const { partition } = there.row;
  const { first, last } = spanOf(there);
  const isWithin =
    first <= (absent.before.get(partition) ?? 0) && (absent.after.get(partition) ?? 0) <= last;
  return isWithin ? "different" : "unsettled";
}

/** All positions from `first` to `last`, inclusive, are known to have this row. */
function spanOf({ row, before }: Look & { readonly row: StoredRow }) {
  const first = row.position + 1;
  return { first, last: Math.max(first, before.get(row.partition) ?? 0) };
}

export function positionsOf(checkpoints: ReadonlyMap<PartitionKey, Checkpoint>): Positions {
  return new Map([...checkpoints].map(([partition, { next }]) => [partition, next]));
}
