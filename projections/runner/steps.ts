import { type EventReader, isControl, OWNER_KEY } from "../../platform/codec/codec.ts";
import type { CausationPosition } from "../../platform/codec/envelope.ts";
import {
  type LogRecord,
  type PartitionKey,
  type PartitionRef,
  partitionKey,
} from "../../platform/log/log.ts";
import { compact } from "./compact.ts";
import type { Change, Projection } from "./projection.ts";
import type { Causes, ParkedStream, PositionedChange } from "./read-store.ts";

/** What one record of the log means for the read model. */
export interface Step {
  readonly position: number;
  readonly recordedAtMs: number;
  /**
   * `control` moves the checkpoint only; `void` was written after its owner's reign; `discarded`
   * was given up.
   */
  readonly kind: "event" | "control" | "void" | "parked" | "discarded";
  readonly stream: string;
  readonly sequence: number;
  /** The highest claim up to and including this record. */
  readonly highestClaim: number;
  readonly changes: readonly Change[];
  /** Where the event that caused this one stands. */
  readonly cause: CausationPosition | null;
  /** By which the event belongs to a trace. */
  readonly traceparent: string | null;
  /** Why the event could not become changes; `null` where it could. */
  readonly fault: string | null;
}

/** Where each parked stream of a partition stops being projected. */
export type ParkedFrom = ReadonlyMap<string, number>;

const NO_CHANGES: readonly Change[] = [];

/**
 * Turns records into steps. A record that cannot be decoded or projected becomes a step with its
 * fault: which streams are parked is decided when the batch is put together.
 */
export function stepsOf(
  records: readonly LogRecord[],
  parts: {
    readonly projection: Projection;
    readonly codec: Pick<EventReader, "decode">;
    readonly partition: PartitionRef;
    readonly highestClaim: number;
    readonly parked: ParkedFrom;
    readonly isDiscarded: (position: number) => boolean;
  },
): Step[] {
  let { highestClaim } = parts;
  return records.map((record) => {
    if (isControl(record)) {
      if (record.key === OWNER_KEY) highestClaim = record.position;
      return quietStep(record, "control", highestClaim);
    }
    if (isParkedAt(parts.parked, record.key, record.position)) {
      return quietStep(record, "parked", highestClaim);
    }
    if (parts.isDiscarded(record.position)) return quietStep(record, "discarded", highestClaim);
    return eventStep(record, { ...parts, highestClaim });
  });
}

function eventStep(
  record: LogRecord,
  parts: {
    readonly projection: Projection;
    readonly codec: Pick<EventReader, "decode">;
    readonly partition: PartitionRef;
    readonly highestClaim: number;
  },
): Step {
  const { projection, codec, partition, highestClaim } = parts;
  const sequence = Number(record.headers.ce_sequence);
  const base = quietStep(record, "event", highestClaim);
  try {
    const recorded = codec.decode(partition.topic, partition.partition, record);
    if (recorded.epoch < highestClaim) return quietStep(record, "void", highestClaim);
    const { sequence, causationPosition: cause } = recorded;
    return { ...base, sequence, cause, changes: projection.project(recorded) };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { ...base, sequence: Number.isSafeInteger(sequence) ? sequence : 0, fault };
  }
}

function quietStep(record: LogRecord, kind: Step["kind"], highestClaim: number): Step {
  return {
    position: record.position,
    recordedAtMs: record.timestampMs,
    kind,
    stream: record.key,
    sequence: 0,
    highestClaim,
    changes: NO_CHANGES,
    cause: null,
    traceparent: record.headers["traceparent"] ?? null,
    fault: null,
  };
}

function isParkedAt(parked: ParkedFrom, stream: string, position: number): boolean {
  const from = parked.get(stream);
  return from !== undefined && position >= from;
}

/** What steps come to: changes of healthy streams, and the streams that are parked from now on. */
export interface Outcome {
  readonly changes: readonly PositionedChange[];
  readonly parked: readonly ParkedStream[];
  readonly causes: Causes;
  readonly events: number;
  readonly voidEvents: number;
}

/** Later steps of a stream that is parked, or becomes so among them, are left out. */
export function outcomeOf(
  projection: Projection,
  steps: readonly Step[],
  parkedBefore: ParkedFrom,
): Outcome {
  const parked = new Map<string, ParkedStream>();
  const healthy: Step[] = [];
  const causes = new Map<PartitionKey, number>();
  let events = 0;
  let voidEvents = 0;
  for (const step of steps) {
    if (step.kind === "void") voidEvents += 1;
    if (step.kind !== "event") continue;
    events += 1;
    const { stream, position, sequence, fault, cause } = step;
    if (isParkedAt(parkedBefore, stream, position) || parked.has(stream)) continue;
    if (fault === null) {
      healthy.push(step);
      if (cause !== null) raise(causes, cause);
    } else parked.set(stream, { stream, position, sequence, reason: fault });
  }
  const changes = compact(projection.tables, healthy);
  return { changes, parked: [...parked.values()], causes, events, voidEvents };
}

function raise(causes: Map<PartitionKey, number>, cause: CausationPosition): void {
  const key = partitionKey(cause);
  causes.set(key, Math.max(causes.get(key) ?? 0, cause.position + 1));
}
