/**
 * The headers of a record: CloudEvents 1.0 in the Kafka binding, and our extensions.
 *
 *   ce_specversion       1.0
 *   ce_id                uuid of the event
 *   ce_source            /portfolio.events
 *   ce_type              cipherhorizon.portfolio.FundsDeposited
 *   ce_subject           aggregate id
 *   ce_time              2025-03-01T12:00:00.123Z
 *   content-type         application/avro
 *   ce_sequence          17
 *   ce_epoch             4711
 *   ce_commandid         uuid
 *   ce_commandindex      0/2                       (from 0, of how many)
 *   ce_commandhash       64 hex digits
 *   ce_correlationid     uuid
 *   ce_causationid       uuid                      (left out where nothing caused it)
 *   ce_causationposition market.events/3/120       (the same)
 *   ce_actor             who gave the command
 *   traceparent          W3C trace context         (left out where there is none)
 */
import type { Headers, LogRecord } from "../log/log.ts";
import { MalformedRecord } from "./codec-errors.ts";
import type { CausationPosition, Envelope } from "./envelope.ts";

const CONTENT_TYPE = "application/avro";
const CONTROL_TYPES = "cipherhorizon.platform.";

/** What every record carries, control events included. */
export interface CloudEvent {
  readonly id: string;
  readonly topic: string;
  /** The schema's full name. */
  readonly fullName: string;
  readonly subject: string;
  readonly timeMs: number;
}

type WithHeaders = Pick<LogRecord, "key" | "headers">;

/** True for the log's own records (`LogCreated`, `PartitionClaimed`), which no aggregate has. */
export function isControl(record: Pick<LogRecord, "headers">): boolean {
  return record.headers.ce_type?.startsWith(CONTROL_TYPES) ?? false;
}

export function cloudEventHeaders(event: CloudEvent): Headers {
  return {
    ce_specversion: "1.0",
    ce_id: event.id,
    ce_source: `/${event.topic}`,
    ce_type: event.fullName,
    ce_subject: event.subject,
    ce_time: new Date(event.timeMs).toISOString(),
    "content-type": CONTENT_TYPE,
  };
}

export function envelopeHeaders(envelope: Envelope): Headers {
  const { causationId, causationPosition, traceparent } = envelope;
  return {
    ce_sequence: String(envelope.sequence),
    ce_epoch: String(envelope.epoch),
    ce_commandid: envelope.commandId,
    ce_commandindex: `${envelope.commandIndex}/${envelope.commandEvents}`,
    ce_commandhash: envelope.commandHash,
    ce_correlationid: envelope.correlationId,
    ...(causationId !== null && { ce_causationid: causationId }),
    ...(causationPosition !== null && { ce_causationposition: positionText(causationPosition) }),
    ce_actor: envelope.actor,
    ...(traceparent !== null && { traceparent }),
  };
}

/**
 * The envelope of a record from its headers alone, for owners that do not need the data. Throws a
 * `MalformedRecord` that names the header. A control event has sequence 0 and no command.
 */
export function envelopeOf(record: WithHeaders): Envelope {
  if (isControl(record)) return controlEnvelope(record);
  const { headers } = record;
  const [commandIndex, commandEvents] = indexOfCommand(textOf(headers, "ce_commandindex"));
  return {
    eventId: textOf(headers, "ce_id"),
    aggregateId: record.key,
    sequence: numberOf(headers, "ce_sequence"),
    epoch: numberOf(headers, "ce_epoch"),
    commandId: textOf(headers, "ce_commandid"),
    commandIndex,
    commandEvents,
    commandHash: textOf(headers, "ce_commandhash"),
    correlationId: textOf(headers, "ce_correlationid"),
    causationId: headers.ce_causationid ?? null,
    causationPosition: causationPositionOf(headers),
    actor: textOf(headers, "ce_actor"),
    traceparent: headers.traceparent ?? null,
  };
}

/** Where the event that caused this one stands. */
export function causationPositionOf(headers: Headers): CausationPosition | null {
  const text = headers.ce_causationposition;
  return text === undefined ? null : parsePosition(text);
}

/** When the event happened, epoch ms. */
export function occurredAtMsOf(headers: Headers): number {
  const text = textOf(headers, "ce_time");
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) throw malformed("ce_time", text);
  return timeMs;
}

function controlEnvelope({ key, headers }: WithHeaders): Envelope {
  return {
    eventId: textOf(headers, "ce_id"),
    aggregateId: key,
    sequence: 0,
    epoch: 0,
    commandId: "",
    commandIndex: 0,
    commandEvents: 0,
    commandHash: "",
    correlationId: "",
    causationId: null,
    causationPosition: null,
    actor: "",
    traceparent: null,
  };
}

export function textOf(headers: Headers, name: string): string {
  const text = headers[name];
  if (text === undefined)
    throw new MalformedRecord("MALFORMED_HEADER", `header ${name} is missing`);
  return text;
}

const WHOLE_NUMBER = /^\d{1,16}$/;
const COMMAND_INDEX = /^(\d{1,9})\/(\d{1,9})$/;
const POSITION = /^(.+)\/(\d{1,9})\/(\d{1,16})$/;

function numberOf(headers: Headers, name: string): number {
  const text = textOf(headers, name);
  const number = Number(text);
  if (!WHOLE_NUMBER.test(text) || !Number.isSafeInteger(number)) throw malformed(name, text);
  return number;
}

function indexOfCommand(text: string): [number, number] {
  const found = COMMAND_INDEX.exec(text);
  if (!found) throw malformed("ce_commandindex", text);
  return [Number(found[1]), Number(found[2])];
}

function positionText({ topic, partition, position }: CausationPosition): string {
  return `${topic}/${partition}/${position}`;
}

function parsePosition(text: string): CausationPosition {
  const [, topic, partition, position] = POSITION.exec(text) ?? [];
  if (topic === undefined) throw malformed("ce_causationposition", text);
  return { topic, partition: Number(partition), position: Number(position) };
}

function malformed(name: string, text: string): MalformedRecord {
  return new MalformedRecord("MALFORMED_HEADER", `header ${name} is not of its form: "${text}"`);
}
