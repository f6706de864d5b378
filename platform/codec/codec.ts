/**
 * Events to records and back: Avro bodies in Confluent wire format, CloudEvents headers. The one
 * door to this folder for those who read or write the log.
 */
import { fileURLToPath } from "node:url";
import { upcasters } from "../../schemas/upcast/upcasters.ts";
import type { Event } from "../kernel/decider.ts";
import type { NewRecord } from "../log/log.ts";
import type { Envelope } from "./envelope.ts";
import { eventId } from "./event-id.ts";
import { type EventReader, RegistryEventReader } from "./event-reader.ts";
import { EventWriter, type Writing } from "./event-writer.ts";
import { KnownEvents } from "./known-events.ts";
import { type SchemaRegistry, subjectOf } from "./registry.ts";
import type { EventSchema, RecordSchema } from "./schema-files.ts";

export { OWNER_KEY } from "../log/log.ts";
export { DecodeError, EncodeError } from "./codec-errors.ts";
export { eventId } from "./event-id.ts";
export type { EventReader } from "./event-reader.ts";
export { envelopeOf, isControl } from "./headers.ts";

/** Where the schemas of this code stand. */
export const SCHEMA_FOLDER = fileURLToPath(new URL("../../schemas", import.meta.url));

/** Reads and writes events; for the owners of partitions. Each thread opens its own. */
export interface EventCodec extends EventReader {
  /** The record of an event; throws an `EncodeError` when the data does not fit the schema. */
  encode(topic: string, event: Event, envelope: Envelope): NewRecord;
  encodeLogCreated(topic: string, logId: string, timeMs?: number): NewRecord;
  encodeClaim(topic: string, owner: string, timeMs: number): NewRecord;
  eventId: typeof eventId;
}

export interface CodecParts {
  readonly registry: SchemaRegistry;
  readonly schemaFolder?: string;
  /** Which context's events each topic takes. */
  readonly topics: readonly { readonly topic: string; readonly context: string }[];
}

/** Registers every released version of every event for the topics of its context. */
export async function openCodec(parts: CodecParts): Promise<EventCodec> {
  const { registry, topics, schemaFolder = SCHEMA_FOLDER } = parts;
  const events = new KnownEvents(schemaFolder);
  const reader = new RegistryEventReader({ registry, events, upcasters });
  const writings = new Map<string, ReadonlyMap<string, Writing>>();
  for (const { topic, context } of topics) {
    const ofTopic = new Map<string, Writing>();
    for (const { name, fullName, type } of events.ofContext(context)) {
      const versions = events.versionsOf(fullName);
      const ids = await registerAll(registry, subjectOf(topic, fullName), versions);
      for (const [id, schema] of ids) reader.learn(id, schema);
      ofTopic.set(name, { schemaId: [...ids.keys()].at(-1) ?? 0, fullName, type });
    }
    writings.set(topic, ofTopic);
  }
  return codecOf(reader, new EventWriter(writings));
}

/** For readers in other threads and processes: registers nothing, fetches schemas by id. */
export function openReadCodec(parts: Omit<CodecParts, "topics">): EventReader {
  const { registry, schemaFolder = SCHEMA_FOLDER } = parts;
  return new RegistryEventReader({ registry, events: new KnownEvents(schemaFolder), upcasters });
}

/** The schemas of one subject by their ids, the newest last. */
async function registerAll(
  registry: SchemaRegistry,
  subject: string,
  versions: readonly EventSchema[],
): Promise<ReadonlyMap<number, RecordSchema>> {
  const ids = new Map<number, RecordSchema>();
  for (const { schema } of versions) ids.set(await registry.register(subject, schema), schema);
  return ids;
}

function codecOf(reader: EventReader, writer: EventWriter): EventCodec {
  return {
    eventId,
    prepare: (records) => reader.prepare(records),
    schemaIds: () => reader.schemaIds(),
    decode: (topic, partition, record) => reader.decode(topic, partition, record),
    encode: (topic, event, envelope) => writer.encode(topic, event, envelope),
    encodeLogCreated: (topic, logId, timeMs) => writer.encodeLogCreated(topic, logId, timeMs),
    encodeClaim: (topic, owner, timeMs) => writer.encodeClaim(topic, owner, timeMs),
  };
}
