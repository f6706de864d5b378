import { type EventReader, envelopeOf, isControl } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { type LogReader, type LogRecord, partitionKey } from "../../platform/log/log.ts";
import { type LogPlace, openLogReading } from "../../platform/log/places.ts";
import type { TicksRecorded } from "../../schemas/generated/market-data.ts";
import type { LoggedEvent } from "./checker.ts";

const READ_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

/** A log as its readers see it; nothing is written, whoever else has it open. */
export interface ReadHistory {
  readonly log: LogReader;
  readonly codec: EventReader;
}

/** `at`: a place, or the data folder of an embedded log. */
export async function withHistory<T>(
  at: string | LogPlace,
  use: (history: ReadHistory) => Promise<T>,
): Promise<T> {
  const place = typeof at === "string" ? { folder: at, kafka: null } : at;
  const { log, codec, close } = await openLogReading(place);
  try {
    return await use({ log, codec });
  } finally {
    await close();
  }
}

export interface TopicRecord {
  readonly partition: number;
  readonly record: LogRecord;
}

/** The records of a topic partition by partition; `from` is where each partition begins. */
export async function* recordsOf(
  log: LogReader,
  topic: string,
  from: readonly number[] = [],
): AsyncGenerator<TopicRecord> {
  const ends = await log.ends(topic);
  for (const [partition, end] of ends.entries()) {
    let next = from[partition] ?? 0;
    while (next < end) {
      const records = await log.read({ topic, partition }, next, READ_LIMITS);
      for (const record of records) yield { partition, record };
      next += records.length;
    }
  }
}

/** The events of a topic by their headers alone, for the checker. */
export async function loggedEvents(log: LogReader, topic: string): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for await (const { partition, record } of recordsOf(log, topic)) {
    if (isControl(record)) continue;
    const { eventId, commandId, aggregateId, sequence } = envelopeOf(record);
    const { position } = record;
    const place = { partition: partitionKey({ topic, partition }), position };
    events.push({ eventId, commandId, aggregateId, sequence, ...place });
  }
  return events;
}

/** The events of a topic, decoded. */
export async function* eventsOf(
  { log, codec }: ReadHistory,
  topic: string,
): AsyncGenerator<RecordedEvent> {
  for await (const { partition, record } of recordsOf(log, topic)) {
    if (isControl(record)) continue;
    await codec.prepare([record]);
    yield codec.decode(topic, partition, record);
  }
}

/** The trade ids of every instrument in the order of the log. */
export async function tradeIdsByInstrument(
  history: ReadHistory,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const byInstrument = new Map<string, string[]>();
  for await (const { aggregateId, event } of eventsOf(history, "market.events")) {
    if (event.type !== "TicksRecorded") continue;
    const ids = byInstrument.get(aggregateId) ?? [];
    byInstrument.set(aggregateId, ids);
    for (const { tradeId } of (event.data as TicksRecorded).ticks) ids.push(String(tradeId));
  }
  return byInstrument;
}
