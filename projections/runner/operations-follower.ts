import { type EventReader, isControl, OWNER_KEY } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { AppendSignal } from "../../platform/log/append-signal.ts";
import { type LogReader, type LogRecord, partitionKey } from "../../platform/log/log.ts";
import type { OperationsEvent } from "../../schemas/generated/operations.ts";
import { persist, type Trouble } from "./persist.ts";

export const OPERATIONS = { topic: "operations.events", partition: 0 };
const READ_LIMITS = { maxRecords: 500, maxBytes: 1024 * 1024 };

export interface FollowerParts {
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly signal: AbortSignal;
  onEvent(event: RecordedEvent<OperationsEvent>): void;
  /** Everything before this position was told. */
  onRead?(next: number): void;
  /** The end has been reached: what was told is how things stand. */
  onCurrent(): void;
  onTrouble(trouble: Trouble | null): void;
}

/** Reads `operations.events` from its beginning and follows it until the signal aborts. */
export async function followOperations(parts: FollowerParts): Promise<void> {
  const { log, codec, signal, onTrouble } = parts;
  const appended = new AppendSignal();
  const unsubscribe = log.onAppended((moved) => appended.raise(moved));
  let next = 0;
  let highestClaim = -1;
  try {
    while (!signal.aborted) {
      const raised = appended.raised;
      const read = async () => {
        const records = await log.read(OPERATIONS, next, READ_LIMITS);
        await codec.prepare(records);
        return records;
      };
      const records = await persist("read operations", read, { signal, onTrouble });
      highestClaim = tell(records, { ...parts, highestClaim });
      next += records.length;
      parts.onRead?.(next);
      if (records.length > 0) continue;
      parts.onCurrent();
      await appended.after(raised, signal, partitionKey(OPERATIONS));
    }
  } finally {
    unsubscribe();
  }
}

/** Gives the highest claim among the records; events written after their owner's reign are void. */
function tell(
  records: readonly LogRecord[],
  parts: FollowerParts & { readonly highestClaim: number },
): number {
  let { highestClaim } = parts;
  for (const record of records) {
    if (isControl(record)) {
      if (record.key === OWNER_KEY) highestClaim = record.position;
      continue;
    }
    const recorded = parts.codec.decode(OPERATIONS.topic, OPERATIONS.partition, record);
    // The topic's schemas are these events' alone.
    if (recorded.epoch >= highestClaim) parts.onEvent(recorded as RecordedEvent<OperationsEvent>);
  }
  return highestClaim;
}
