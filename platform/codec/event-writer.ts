import type avsc from "avsc";
import { v7 } from "uuid";
import type { Event } from "../kernel/decider.ts";
import { type NewRecord, OWNER_KEY } from "../log/log.ts";
import { EncodeError } from "./codec-errors.ts";
import type { Envelope } from "./envelope.ts";
import { type CloudEvent, cloudEventHeaders, envelopeHeaders } from "./headers.ts";
import { encodeValue } from "./wire.ts";

const LOG_KEY = "~log";

/** How one type of event is written to one topic. */
export interface Writing {
  readonly schemaId: number;
  readonly fullName: string;
  readonly type: avsc.Type;
}

/** By topic, then by the event's type. */
export type Writings = ReadonlyMap<string, ReadonlyMap<string, Writing>>;

export class EventWriter {
  readonly #writings: Writings;

  constructor(writings: Writings) {
    this.#writings = writings;
  }

  encode(topic: string, event: Event, envelope: Envelope): NewRecord {
    const { aggregateId, eventId } = envelope;
    const head = { id: eventId, topic, subject: aggregateId, timeMs: event.occurredAtMs };
    const { value, headers } = this.#encode(event, head);
    return { key: aggregateId, value, headers: { ...headers, ...envelopeHeaders(envelope) } };
  }

  /** The first record of every partition of a log. */
  encodeLogCreated(topic: string, logId: string, timeMs = Date.now()): NewRecord {
    const event = { type: "LogCreated", data: { logId }, occurredAtMs: timeMs };
    return this.#encodeControl(topic, LOG_KEY, event);
  }

  /** The record a reign begins with. */
  encodeClaim(topic: string, owner: string, timeMs: number): NewRecord {
    const event = { type: "PartitionClaimed", data: { owner }, occurredAtMs: timeMs };
    return this.#encodeControl(topic, OWNER_KEY, event);
  }

  #encodeControl(topic: string, key: string, event: Event): NewRecord {
    const head = { id: v7(), topic, subject: key, timeMs: event.occurredAtMs };
    return { key, ...this.#encode(event, head) };
  }

  #encode(event: Event, head: Omit<CloudEvent, "fullName">): Pick<NewRecord, "value" | "headers"> {
    const { schemaId, fullName, type } = this.#writingOf(head.topic, event.type);
    const headers = cloudEventHeaders({ ...head, fullName });
    try {
      return { value: encodeValue(schemaId, type, event.data), headers };
    } catch (cause) {
      throw new EncodeError(event.type, misfit(type, event.data, cause), { cause });
    }
  }

  #writingOf(topic: string, eventType: string): Writing {
    const writing = this.#writings.get(topic)?.get(eventType);
    if (writing) return writing;
    const known = [...(this.#writings.get(topic)?.keys() ?? [])].join(", ");
    throw new EncodeError(eventType, `no such event in ${topic}, which has: ${known || "none"}`);
  }
}

/** Which field does not fit; avsc itself names only the type it wanted. */
function misfit(type: avsc.Type, data: unknown, cause: unknown): string {
  const fields: string[] = [];
  type.isValid(data, { errorHook: (path) => fields.push(path.join(".")) });
  const reason = cause instanceof Error ? cause.message : String(cause);
  return fields.length > 0 ? `${fields.join(", ")} does not fit the schema: ${reason}` : reason;
}
