import { setImmediate as nextTurn } from "node:timers/promises";
import { type EventCodec, isControl } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import {
  type LogReader,
  type LogRecord,
  type PartitionKey,
  parsePartitionKey,
} from "../../platform/log/log.ts";

/** Records one request may look at; past it the page ends early and its cursor goes on. */
const SCANNED_RECORDS = 20_000;
const READ_LIMITS = { maxRecords: 500, maxBytes: 2 * 1024 * 1024 };

/** `null`: any. */
export interface EventFilter {
  readonly aggregateId: string | null;
  readonly types: readonly string[] | null;
}

export interface EventPage {
  readonly events: readonly RecordedEvent[];
  /** Where the next page begins. */
  readonly positions: ReadonlyMap<PartitionKey, number>;
  readonly atEnd: boolean;
}

interface Source {
  readonly log: LogReader;
  readonly codec: Pick<EventCodec, "prepare" | "decode">;
}

/** A page of events of several partitions, in the order of their writing. */
export async function readEvents(
  from: ReadonlyMap<PartitionKey, number>,
  filter: EventFilter & { readonly limit: number },
  source: Source,
): Promise<EventPage> {
  const positions = new Map(from);
  const heads = await Promise.all([...from].map(([key, at]) => Head.open(key, at, source)));
  const events: RecordedEvent[] = [];
  let scanned = 0;
  while (events.length < filter.limit && scanned < SCANNED_RECORDS) {
    const head = earliest(heads);
    if (head === null) return { events, positions, atEnd: true };
    const record = await head.shift();
    positions.set(head.key, record.position + 1);
    scanned += 1;
    if (isControl(record) || !concerns(record, filter)) continue;
    events.push(head.decode(record));
  }
  return { events, positions, atEnd: false };
}

/** Told from key and headers, so that nothing is decoded in vain. */
export function concerns(record: LogRecord, { aggregateId, types }: EventFilter): boolean {
  if (aggregateId !== null && record.key !== aggregateId) return false;
  if (types === null) return true;
  const type = record.headers["ce_type"] ?? "";
  return types.some((one) => type.endsWith(`.${one}`));
}

function earliest(heads: readonly Head[]): Head | null {
  let found: Head | null = null;
  for (const head of heads) {
    if (head.timestampMs === null) continue;
    if (found === null || head.timestampMs < (found.timestampMs as number)) found = head;
  }
  return found;
}

/** The unread part of one partition, a chunk of it in memory. */
class Head {
  readonly key: PartitionKey;
  readonly #source: Source;
  #records: readonly LogRecord[] = [];
  #index = 0;

  private constructor(key: PartitionKey, source: Source) {
    this.key = key;
    this.#source = source;
  }

  static async open(key: PartitionKey, from: number, source: Source): Promise<Head> {
    const head = new Head(key, source);
    await head.#fill(from);
    return head;
  }

  get timestampMs(): number | null {
    return this.#records[this.#index]?.timestampMs ?? null;
  }

  async shift(): Promise<LogRecord> {
    const record = this.#records[this.#index] as LogRecord;
    this.#index += 1;
    if (this.#index === this.#records.length) await this.#fill(record.position + 1);
    return record;
  }

  decode(record: LogRecord): RecordedEvent {
    const { topic, partition } = parsePartitionKey(this.key);
    return this.#source.codec.decode(topic, partition, record);
  }

  async #fill(from: number): Promise<void> {
    const { log, codec } = this.#source;
    // An embedded log answers without waiting: a long search must not stop everybody.
    await nextTurn();
    this.#records = await log.read(parsePartitionKey(this.key), from, READ_LIMITS);
    this.#index = 0;
    await codec.prepare(this.#records);
  }
}
