import { type EventReader, envelopeOf, isControl, OWNER_KEY } from "../../codec/codec.ts";
import type { Envelope } from "../../codec/envelope.ts";
import { partitionOf } from "../../kernel/hash.ts";
import { ContentDigest } from "../content-digest.ts";
import type { LogRecord, PartitionRef } from "../log.ts";
import type { SeenEvents } from "./seen-events.ts";

/** Problems that a report lists of one partition; the others are counted. */
const PROBLEMS_LISTED = 100;

/**
 * `hole`: a position is missing, or comes twice.
 * `time`: an event's timestamp is before that of a record in front of it.
 * `identity`: the partition does not begin with `LogCreated`, or its newest is of another log.
 * `undecodable`: value or headers cannot be read.
 * `misrouted`: the key belongs into another partition.
 * `reign`: an event names a reign that has not begun.
 * `sequence`: an aggregate's events do not count 1, 2, 3 …
 * `duplicate`: an event id stands in the log twice.
 * `torn`: not all events of a command stand one after another.
 */
export type ProblemKind =
  | "hole"
  | "time"
  | "identity"
  | "undecodable"
  | "misrouted"
  | "reign"
  | "sequence"
  | "duplicate"
  | "torn";

export interface Problem {
  readonly kind: ProblemKind;
  readonly position: number;
  readonly detail: string;
}

export interface PartitionReport extends PartitionRef {
  readonly records: number;
  readonly events: number;
  readonly claims: number;
  readonly voidEvents: number;
  /** `ContentDigest` of the events that count: a copy has the same, and an export's add up. */
  readonly contentDigest: string;
  /** At most `PROBLEMS_LISTED`, the first ones. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
}

export interface PartitionCheckParts {
  readonly partition: PartitionRef;
  /** How many partitions the topic has. */
  readonly partitions: number;
  /** The position before which is checked. */
  readonly end: number;
  readonly logId: string;
  readonly codec: EventReader;
  readonly seen: SeenEvents;
}

/** The command whose events are being read. */
interface OpenCommand {
  readonly commandId: string;
  readonly nextIndex: number;
  readonly events: number;
}

/** Checks the records of one partition, given in order. */
export class PartitionCheck {
  readonly #parts: PartitionCheckParts;
  readonly #problems: Problem[] = [];
  readonly #counts = { records: 0, events: 0, claims: 0, voidEvents: 0, problemCount: 0 };
  readonly #digest = new ContentDigest();
  #next = 0;
  #timestampMs = 0;
  #logId: string | null = null;
  #epoch = -1;
  #command: OpenCommand | null = null;

  constructor(parts: PartitionCheckParts) {
    this.#parts = parts;
    parts.seen.forgetSequences();
  }

  get partition(): PartitionRef {
    return this.#parts.partition;
  }

  get end(): number {
    return this.#parts.end;
  }

  /** The position that must come next. */
  get next(): number {
    return this.#next;
  }

  add(record: LogRecord): void {
    const { position, timestampMs } = record;
    if (position !== this.#next) this.#note("hole", position, `${this.#next} must come here`);
    // A claim took its time before it was known what its predecessor would still append.
    if (timestampMs < this.#timestampMs && record.key !== OWNER_KEY) {
      this.#note("time", position, `${timestampMs} comes after ${this.#timestampMs}`);
    }
    this.#next = position + 1;
    this.#timestampMs = Math.max(this.#timestampMs, timestampMs);
    this.#counts.records += 1;
    if (isControl(record)) this.#addControl(record);
    else this.#addEvent(record);
    if (this.#logId === null && position === 0) {
      this.#note("identity", position, "the partition does not begin with LogCreated");
    }
  }

  report(): PartitionReport {
    const { partition, end, logId } = this.#parts;
    if (this.#next < end) this.#note("hole", this.#next, `the records end here, not at ${end}`);
    if (this.#logId !== null && this.#logId !== logId) {
      this.#note("identity", 0, `the partition is of log ${this.#logId}, the others of ${logId}`);
    }
    this.#endCommand(end);
    const contentDigest = this.#digest.text();
    return { ...partition, ...this.#counts, contentDigest, problems: this.#problems };
  }

  #addControl(record: LogRecord): void {
    const event = this.#decode(record)?.event;
    if (event?.type === "LogCreated") this.#logId = (event.data as { logId: string }).logId;
    if (event?.type !== "PartitionClaimed") return;
    this.#endCommand(record.position);
    this.#epoch = record.position;
    this.#counts.claims += 1;
  }

  #addEvent(record: LogRecord): void {
    this.#decode(record);
    const envelope = tryEnvelope(record);
    if (envelope === null) return;
    if (envelope.epoch < this.#epoch) {
      this.#counts.voidEvents += 1;
      return;
    }
    this.#counts.events += 1;
    this.#digest.add(record);
    this.#checkPlace(envelope, record.position);
    this.#checkIdentity(envelope, record.position);
    this.#checkCommand(envelope, record.position);
  }

  /** `null`, with a problem noted, when the record cannot be decoded. */
  #decode(record: LogRecord): ReturnType<EventReader["decode"]> | null {
    const { topic, partition } = this.#parts.partition;
    try {
      return this.#parts.codec.decode(topic, partition, record);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#note("undecodable", record.position, detail);
      return null;
    }
  }

  #checkPlace({ aggregateId, epoch }: Envelope, position: number): void {
    const { partition, partitions } = this.#parts;
    if (epoch !== this.#epoch) {
      this.#note("reign", position, `it names ${epoch}; the reign is ${this.#epoch}`);
    }
    const right = partitionOf(aggregateId, partitions);
    if (right !== partition.partition) {
      this.#note("misrouted", position, `${aggregateId} belongs into partition ${right}`);
    }
  }

  #checkIdentity({ aggregateId, sequence, eventId }: Envelope, position: number): void {
    const before = this.#parts.seen.putSequence(aggregateId, sequence);
    if (sequence !== before + 1) {
      this.#note("sequence", position, `${aggregateId} goes from ${before} to ${sequence}`);
    }
    if (!this.#parts.seen.addId(eventId)) this.#note("duplicate", position, `event id ${eventId}`);
  }

  #checkCommand(envelope: Envelope, position: number): void {
    const { commandId, commandIndex, commandEvents } = envelope;
    const open = this.#command;
    const goesOn =
      open?.commandId === commandId &&
      open.nextIndex === commandIndex &&
      open.events === commandEvents;
    if (!goesOn) {
      this.#endCommand(position);
      if (commandIndex !== 0) {
        this.#note("torn", position, `${commandId} begins with event ${commandIndex}`);
      }
    }
    const nextIndex = commandIndex + 1;
    const isWhole = nextIndex >= commandEvents;
    this.#command = isWhole ? null : { commandId, nextIndex, events: commandEvents };
  }

  #endCommand(position: number): void {
    const open = this.#command;
    this.#command = null;
    if (open === null) return;
    const detail = `${open.commandId} has ${open.nextIndex} of ${open.events} events`;
    this.#note("torn", position, detail);
  }

  #note(kind: ProblemKind, position: number, detail: string): void {
    this.#counts.problemCount += 1;
    if (this.#problems.length < PROBLEMS_LISTED) this.#problems.push({ kind, position, detail });
  }
}

function tryEnvelope(record: LogRecord): Envelope | null {
  try {
    return envelopeOf(record);
  } catch {
    // The decoding of the same record has noted what is wrong with its headers.
    return null;
  }
}
