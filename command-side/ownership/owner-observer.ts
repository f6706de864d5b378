import type { RecordedEvent } from "../../platform/codec/envelope.ts";

/** Told once of every event of the partition, when it stands in the log, and of each append. */
export interface OwnerObserver {
  onEvents(events: readonly RecordedEvent[]): void;
  onAppend(append: { topic: string; events: number; seconds: number }): void;
  onVoidEvent(topic: string): void;
}
