import { setImmediate as nextTurn } from "node:timers/promises";
import { type EventCodec, isControl } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import {
  type LogReader,
  type LogRecord,
  type PartitionKey,
  parsePartitionKey,
  type ReadLimits,
} from "../../platform/log/log.ts";

/** Records one request may look at; past it the page ends early and its cursor goes on. */
const SCANNED_RECORDS = 20_000;
/** Of one partition at once: of a page of all events no more than fit on it. */
const READ_AT_ONCE = { maxRecords: 500, maxBytes: 512 * 1024 };

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

interface Reading extends Source {
  readonly limits: ReadLimits;
}

/** A page of events of several partitions, in the order of their writing. */
export async function readEvents(
  from: ReadonlyMap<PartitionKey, number>,
  filter: EventFilter & { readonly limit: number },
  source: Source,
): Promise<EventPage> {
  const positions = new Map(from);
  const isOfAll = filter.aggregateId === null && filter.types === null;
  const maxRecords = Math.min(READ_AT_ONCE.maxRecords, isOfAll ? filter.limit : Number.MAX_VALUE);
  const reading = { ...source, limits: { ...READ_AT_ONCE, maxRecords } };
  const heads = await Promise.all([...from].map(([key, at]) => Head.open(key, at, reading)));
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
  readonly #source: Reading;
  #records: readonly LogRecord[] = [];
  #index = 0;

  private constructor(key: PartitionKey, source: Reading) {
    this.key = key;
    this.#source = source;
  }

  static async open(key: PartitionKey, from: number, source: Reading): Promise<Head> {
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
    const { log, codec, limits } = this.#source;
    // An embedded log answers without waiting: a long search must not stop everybody.
    await nextTurn();
    this.#records = await log.read(parsePartitionKey(this.key), from, limits);
    this.#index = 0;
    await codec.prepare(this.#records);
  }
}
