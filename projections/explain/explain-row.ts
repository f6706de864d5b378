import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventReader } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import {
  type LogReader,
  type LogRecord,
  type PartitionRef,
  parsePartitionKey,
} from "../../platform/log/log.ts";
import { highestClaimAt } from "../runner/highest-claim.ts";
import { keyOf, rowComparer } from "../runner/key-order.ts";
import type { Change, Projection, Row, Table, Value } from "../runner/projection.ts";
import type { ParkedStream, RowOrigin } from "../runner/read-store.ts";
import { type ParkedFrom, type Step, stepsOf } from "../runner/steps.ts";
import { changedColumns, differingColumns } from "./columns.ts";

/** Records one page may look at; past it the page ends early and its place goes on. */
const SCANNED_RECORDS = 20_000;
/** Records from a row's first event to its last; a row of more is not explained. */
const SPAN_RECORDS = 1_000_000;
/** Small, for what is read is decoded and projected before anybody else has a turn. */
const READ_LIMITS = { maxRecords: 100, maxBytes: 1024 * 1024 };
/** Events that could not be projected, of which one page tells. */
const SHOWN_FAULTS = 10;

/** A row as it was read, and what it is a row of. */
export interface ExplainedRow {
  readonly projection: Projection;
  readonly table: string;
  readonly origin: RowOrigin;
  /** Streams of its partition that are set aside. */
  readonly parked: readonly ParkedStream[];
  /** Positions of its partition whose events were given up. */
  readonly discarded: readonly number[];
}

/** One event that wrote the row. */
export interface ExplainedEvent {
  readonly event: RecordedEvent;
  /** The row after it; `null`: it deleted the row. */
  readonly row: Row | null;
  /** Columns that are other than before; all of them where no row was there. */
  readonly changed: readonly string[];
}

/** Where the next page goes on. */
export interface ExplainPlace {
  /** Of the last event that was told, from which the row before is made again. */
  readonly told: number | null;
  readonly next: number;
  /** The highest claim before `next`. */
  readonly highestClaim: number;
}

/** An event within the span that cannot be projected, and is not set aside either. */
interface ExplainFault {
  readonly position: number;
  readonly stream: string;
  readonly reason: string;
}

export interface ExplainPage {
  readonly events: readonly ExplainedEvent[];
  /** The first of this page. */
  readonly faults: readonly ExplainFault[];
  /** `null`: this is the last one. */
  readonly next: ExplainPlace | null;
  /** Of the last page alone. */
  readonly verdict: ExplainVerdict | null;
}

/** Whether the stored row is what its events make of it; columns in which it is not. */
interface ExplainVerdict {
  readonly agrees: boolean;
  readonly differs: readonly string[];
}

export interface ExplainParts {
  readonly log: Pick<LogReader, "read">;
  readonly codec: Pick<EventReader, "prepare" | "decode">;
  readonly limits?: ExplainLimits;
}

interface ExplainLimits {
  readonly scannedRecords: number;
  readonly spanRecords: number;
}

const LIMITS: ExplainLimits = { scannedRecords: SCANNED_RECORDS, spanRecords: SPAN_RECORDS };

/**
 * The events that made a row, from the one that made it when it was last absent to the one that
 * last changed it, each with the row after it: projected anew from the log, and compared with what
 * the store has. Nothing outside that span is read.
 */
export async function explainRow(
  row: ExplainedRow,
  { after, limit }: { readonly after: ExplainPlace | null; readonly limit: number },
  parts: ExplainParts,
): Promise<ExplainPage> {
  requireWithin(row, parts.limits ?? LIMITS);
  const scan = new Scan(row, parts);
  const place = after ?? (await scan.beginning());
  await scan.readFrom(place, limit);
  return scan.page();
}

function requireWithin({ origin }: ExplainedRow, { spanRecords }: ExplainLimits): void {
  const { first, position, partition } = origin;
  const records = position - first + 1;
  if (records <= spanRecords) return;
  const detail =
    `the row's events stand among ${records} records of ${partition}, from ${first} to ` +
    `${position}, and at most ${spanRecords} are looked at; read the events of its aggregate ` +
    "with GET /v1/events?topic=…&aggregateId=…, or cipherhorizon events list --aggregate-id …";
  throw new PlatformError("RANGE_TOO_LARGE", detail, { facts: { first, position, spanRecords } });
}

class Scan {
  readonly #row: ExplainedRow;
  readonly #parts: ExplainParts;
  readonly #table: Table;
  readonly #partition: PartitionRef;
  readonly #compareRows: (a: Row, b: Row) => number;
  readonly #parked: ParkedFrom;
  readonly #events: ExplainedEvent[] = [];
  readonly #faults: ExplainFault[] = [];
  #place: ExplainPlace = { told: null, next: 0, highestClaim: 0 };
  /** The row as the last event has left it. */
  #before: Row | null = null;
  #atEnd = false;

  constructor(row: ExplainedRow, parts: ExplainParts) {
    this.#row = row;
    this.#parts = parts;
    this.#table = tableOf(row.projection, row.table);
    this.#compareRows = rowComparer(this.#table);
    this.#partition = parsePartitionKey(row.origin.partition);
    this.#parked = new Map(row.parked.map(({ stream, position }) => [stream, position]));
  }

  /** Which events are void depends on the claims before them, those before the first included. */
  async beginning(): Promise<ExplainPlace> {
    const { first: next } = this.#row.origin;
    const highestClaim = await highestClaimAt(this.#parts.log, this.#partition, next);
    return { told: null, next, highestClaim };
  }

  async readFrom(place: ExplainPlace, limit: number): Promise<void> {
    this.#place = place;
    if (place.told !== null) this.#before = await this.#rowAt(place.told);
    const { position: last } = this.#row.origin;
    let left = (this.#parts.limits ?? LIMITS).scannedRecords;
    while (this.#place.next <= last && left > 0 && this.#events.length < limit) {
      const most = Math.min(READ_LIMITS.maxRecords, left);
      const records = await this.#read(this.#place.next, most);
      if (records.length === 0) break;
      left -= records.length;
      this.#take(records, limit);
      // An embedded log answers without waiting: a long search must not stop everybody.
      await nextTurn();
    }
    this.#atEnd = this.#place.next > last || (left > 0 && this.#events.length < limit);
  }

  page(): ExplainPage {
    const [events, faults] = [this.#events, this.#faults];
    if (!this.#atEnd) return { events, faults, next: this.#place, verdict: null };
    return { events, faults, next: null, verdict: this.#verdict() };
  }

  /** The last event told must be the one that the store has the row from. */
  #verdict(): ExplainVerdict {
    const { row, position } = this.#row.origin;
    const made = this.#place.told === position ? this.#before : null;
    const differs = differingColumns(this.#table, { stored: row, made });
    return { agrees: made !== null && differs.length === 0, differs };
  }

  /** The row as the event there has left it, which was told of before. */
  async #rowAt(position: number): Promise<Row | null> {
    const [record] = await this.#read(position, 1);
    if (record?.position !== position) return null;
    const [step] = this.#stepsOf([record], -1);
    const change = step === undefined ? null : this.#changeIn(step);
    return change === null || change.deleted ? null : change.row;
  }

  #take(records: readonly LogRecord[], limit: number): void {
    for (const [i, step] of this.#stepsOf(records, this.#place.highestClaim).entries()) {
      if (step.position > this.#row.origin.position || this.#events.length >= limit) return;
      const { position, highestClaim } = step;
      const change = this.#changeIn(step);
      const told = change === null ? this.#place.told : position;
      this.#place = { told, next: position + 1, highestClaim };
      if (change !== null) this.#tell(records[i] as LogRecord, change);
      else if (step.fault !== null) this.#tellFault(step, step.fault);
    }
  }

  #tell(record: LogRecord, { row: written, deleted }: Change): void {
    const { topic, partition } = this.#partition;
    const event = this.#parts.codec.decode(topic, partition, record);
    const row = deleted ? null : written;
    this.#events.push({ event, row, changed: changedColumns(this.#table, this.#before, row) });
    this.#before = row;
  }

  #tellFault({ position, stream }: Step, reason: string): void {
    if (this.#faults.length < SHOWN_FAULTS) this.#faults.push({ position, stream, reason });
  }

  /** The last change of the row by the event, for the last write wins; `null`: it has none. */
  #changeIn({ changes }: Step): Change | null {
    const { table, origin } = this.#row;
    const isSameRow = (one: Change) => {
      return one.table === table && this.#compareRows(one.row, origin.row) === 0;
    };
    return changes.findLast(isSameRow) ?? null;
  }

  #stepsOf(records: readonly LogRecord[], highestClaim: number): Step[] {
    const [partition, parked] = [this.#partition, this.#parked];
    const [{ projection, discarded }, { codec }] = [this.#row, this.#parts];
    const isDiscarded = (position: number) => discarded.includes(position);
    const of = { projection, codec, partition, highestClaim, parked, isDiscarded };
    return stepsOf(records, of);
  }

  async #read(from: number, maxRecords: number): Promise<readonly LogRecord[]> {
    const { log, codec } = this.#parts;
    const records = await log.read(this.#partition, from, { ...READ_LIMITS, maxRecords });
    await codec.prepare(records);
    return records;
  }
}

/** The row's key, column by column. */
export function keyOfRow({ projection, table, origin }: ExplainedRow): readonly Value[] {
  return keyOf(tableOf(projection, table), origin.row);
}

function tableOf({ name, tables }: Projection, table: string): Table {
  const declared = tables[table];
  if (declared === undefined) throw new RangeError(`${name} has no table ${table}`);
  return declared;
}
