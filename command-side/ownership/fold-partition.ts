import { type EventCodec, isControl, OWNER_KEY } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { LogReader, LogRecord, PartitionRef } from "../../platform/log/log.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { OwnerObserver } from "./owner-observer.ts";
import { PartitionState } from "./partition-state.ts";

const FOLD_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

export interface FoldParts {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly partition: PartitionRef;
  readonly aggregate: AggregateDefinition;
  readonly observer: Pick<OwnerObserver, "onEvents" | "onVoidEvent">;
}

/** Reads a partition from its beginning to its end into a state. */
export async function foldPartition(
  parts: FoldParts,
): Promise<{ readonly state: PartitionState; readonly end: number }> {
  const state = new PartitionState(parts.aggregate);
  let end = 0;
  let highestClaim = -1;
  for (;;) {
    const records = await parts.log.read(parts.partition, end, FOLD_LIMITS);
    if (records.length === 0) return { state, end };
    await parts.codec.prepare(records);
    highestClaim = foldRecords(records, { state, parts, highestClaim });
    end = (records.at(-1) as LogRecord).position + 1;
  }
}

function foldRecords(
  records: readonly LogRecord[],
  fold: { state: PartitionState; parts: FoldParts; highestClaim: number },
): number {
  const { topic, partition } = fold.parts.partition;
  const events: RecordedEvent[] = [];
  let highestClaim = fold.highestClaim;
  for (const record of records) {
    if (isControl(record)) {
      if (record.key === OWNER_KEY) highestClaim = record.position;
      continue;
    }
    const recorded = fold.parts.codec.decode(topic, partition, record);
    if (recorded.epoch < highestClaim) {
      // Written by an owner after its reign: what the broker forgot to refuse does not count.
      fold.parts.observer.onVoidEvent(topic);
      continue;
    }
    fold.state.fold(recorded);
    events.push(recorded);
  }
  fold.parts.observer.onEvents(events);
  return highestClaim;
}
