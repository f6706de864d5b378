import type { Event } from "../kernel/decider.ts";
import type { PartitionRef } from "../log/log.ts";

/** Where the event that caused this one stands in the log. */
export interface CausationPosition extends PartitionRef {
  readonly position: number;
}

/** What an event carries beside its data: the CloudEvents attributes and our extensions. */
export interface Envelope {
  /** uuid v5 of (topic, aggregate id, command id, index): deciding again yields the same id. */
  readonly eventId: string;
  readonly aggregateId: string;
  /** 1, 2, 3 … without holes within the aggregate. */
  readonly sequence: number;
  /** The reign of the owner that wrote it. */
  readonly epoch: number;
  readonly commandId: string;
  /** Which of the command's events this is, from 0, and how many there are. */
  readonly commandIndex: number;
  readonly commandEvents: number;
  /** SHA-256 of type, aggregate and canonical payload of the command, hex. */
  readonly commandHash: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly causationPosition: CausationPosition | null;
  readonly actor: string;
  readonly traceparent: string | null;
}

/** An event as read from the log, at its newest schema version. */
export interface RecordedEvent<E extends Event = Event> extends Envelope {
  readonly event: E;
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** When it was written, epoch ms; never falls within a partition. */
  readonly recordedAtMs: number;
}
