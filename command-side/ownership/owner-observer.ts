import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { PartitionRef } from "../../platform/log/log.ts";

/** A partition as it stood when it was folded. */
interface FoldedPartition {
  readonly partition: PartitionRef;
  readonly aggregate: string;
  /** Every aggregate's state by its id, as it is now: to be read at once, and not to be changed. */
  readonly states: () => Iterable<readonly [string, { readonly state: unknown }]>;
  /** Positions that were read from the log: from where the snapshot ended on, or all. */
  readonly from: number;
  readonly end: number;
  readonly seconds: number;
}

/**
 * Told of a partition's states whenever it was folded, and from then on once of every event when it
 * stands in the log; of each append; and of why the owner serves nobody (`null`: it serves again).
 */
export interface OwnerObserver {
  onFolded(folded: FoldedPartition): void;
  onEvents(events: readonly RecordedEvent[]): void;
  onAppend(append: { topic: string; events: number; seconds: number }): void;
  onVoidEvent(topic: string): void;
  onTrouble(partition: PartitionRef, reason: string | null): void;
  /** A snapshot cannot be used: the partition is folded from its beginning. */
  onSnapshotUnusable(partition: PartitionRef, reason: string): void;
}
