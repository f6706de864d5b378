import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { PartitionRef } from "../../platform/log/log.ts";

/**
 * Told once of every event of the partition, when it stands in the log, of each append, and of why
 * the owner serves nobody (`null`: it serves again).
 */
export interface OwnerObserver {
  onEvents(events: readonly RecordedEvent[]): void;
  onAppend(append: { topic: string; events: number; seconds: number }): void;
  onVoidEvent(topic: string): void;
  onTrouble(partition: PartitionRef, reason: string | null): void;
}
