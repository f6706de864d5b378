import type avsc from "avsc";
import type { Upcaster } from "../../schemas/upcast/upcaster.ts";
import type { LogRecord } from "../log/log.ts";
import { avroType } from "./avro-type.ts";
import { canonicalText } from "./canonical-schema.ts";
import { DecodeError, MalformedRecord } from "./codec-errors.ts";
import type { RecordedEvent } from "./envelope.ts";
import { envelopeOf, occurredAtMsOf, textOf } from "./headers.ts";
import type { KnownEvent, KnownEvents } from "./known-events.ts";
import type { SchemaRegistry } from "./registry.ts";
import { fullNameOf, type RecordSchema } from "./schema-files.ts";
import { decodeBody, schemaIdOf } from "./wire.ts";

export interface EventReader {
  /** Fetches the schemas that `records` name and that are not known yet; once each. */
  prepare(records: readonly Pick<LogRecord, "value">[]): Promise<void>;
  /**
   * The event of a record, lifted to the newest version in this code. Needs `prepare` before.
   * Throws a `DecodeError`, which is a data error: the record will never decode.
   */
  decode(topic: string, partition: number, record: LogRecord): RecordedEvent;
  /** Of the schemas it knows by now. */
  schemaIds(): readonly number[];
}

/** How data written with one schema id becomes an event of this code. */
interface Reading {
  readonly known: KnownEvent;
  /** Left out where the writer's schema is the newest. */
  readonly resolver?: avsc.Resolver;
  readonly upcasters: readonly Upcaster[];
}

export interface EventReaderParts {
  readonly registry: SchemaRegistry;
  readonly events: KnownEvents;
  readonly upcasters: readonly Upcaster[];
}

export class RegistryEventReader implements EventReader {
  readonly #parts: EventReaderParts;
  readonly #readings = new Map<number, Reading | MalformedRecord>();

  constructor(parts: EventReaderParts) {
    this.#parts = parts;
  }

  async prepare(records: readonly Pick<LogRecord, "value">[]): Promise<void> {
    const unknown = new Set<number>();
    for (const { value } of records) {
      const id = schemaIdOf(value);
      if (id !== null && !this.#readings.has(id)) unknown.add(id);
    }
    for (const id of unknown) {
      const schema = await this.#parts.registry.byId(id);
      if (schema) this.learn(id, schema);
    }
  }

  /** Takes in what an id stands for. */
  learn(id: number, schema: RecordSchema): void {
    this.#readings.set(id, this.#readingOf(schema));
  }

  schemaIds(): readonly number[] {
    return [...this.#readings.keys()].sort((a, b) => a - b);
  }

  decode(topic: string, partition: number, record: LogRecord): RecordedEvent {
    try {
      return this.#decode(topic, partition, record);
    } catch (error) {
      if (!(error instanceof MalformedRecord)) throw error;
      throw new DecodeError({ topic, partition, position: record.position }, error);
    }
  }

  #decode(topic: string, partition: number, record: LogRecord): RecordedEvent {
    const { value, headers, position, timestampMs } = record;
    const { known, resolver, upcasters } = this.#readingFor(value);
    const written = textOf(headers, "ce_type");
    if (written !== known.fullName) {
      const message = `header ce_type is ${written}, the schema is of ${known.fullName}`;
      throw new MalformedRecord("MALFORMED_HEADER", message);
    }
    let data = decodeBody(value, known.type, resolver);
    for (const upcaster of upcasters) data = upcaster.upcast(data);
    return {
      ...envelopeOf(record),
      event: { type: known.name, data, occurredAtMs: occurredAtMsOf(headers) },
      topic,
      partition,
      position,
      recordedAtMs: timestampMs,
    };
  }

  #readingFor(value: Uint8Array): Reading {
    const id = schemaIdOf(value);
    if (id === null) throw new MalformedRecord("BAD_MAGIC", "the value is not in wire format");
    const reading = this.#readings.get(id);
    if (!reading) throw new MalformedRecord("UNKNOWN_SCHEMA", `no schema has the id ${id}`);
    if (reading instanceof MalformedRecord) throw reading;
    return reading;
  }

  #readingOf(schema: RecordSchema): Reading | MalformedRecord {
    const fullName = fullNameOf(schema);
    const known = this.#parts.events.byFullName(fullName);
    if (!known) return new MalformedRecord("UNKNOWN_EVENT", `this code knows no ${fullName}`);
    const version = known.versions.get(canonicalText(schema));
    const upcasters = this.#upcastersFrom(known, version);
    if (version === known.newest.version) return { known, upcasters };
    try {
      return { known, resolver: known.type.createResolver(avroType(schema)), upcasters };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new MalformedRecord("INCOMPATIBLE_SCHEMA", `${fullName}: ${reason}`, { cause });
    }
  }

  /** A version this code does not have is newer than all it has: nothing is to be lifted. */
  #upcastersFrom(known: KnownEvent, version = Number.POSITIVE_INFINITY): readonly Upcaster[] {
    const fitting = this.#parts.upcasters.filter(({ fullName, fromVersion }) => {
      const isBetween = fromVersion >= version && fromVersion < known.newest.version;
      return fullName === known.fullName && isBetween;
    });
    return fitting.sort((one, two) => one.fromVersion - two.fromVersion);
  }
}
