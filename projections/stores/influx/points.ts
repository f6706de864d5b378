import type { PartitionKey } from "../../../platform/log/log.ts";
import type { Row, Value } from "../../runner/projection.ts";
import { DataError, type PositionedChange } from "../../runner/read-store.ts";
import { cannotHold, checkedValue } from "../../runner/stored-table.ts";
import {
  BEGINS_FIELD,
  DAY_MS,
  DAYS,
  DELETED_FIELD,
  exactField,
  FIRST_FIELD,
  PARTITION_TAG,
  POSITION_FIELD,
  type ShapedColumn,
  type ShapedTable,
  TABLE_TAG,
} from "./shape.ts";
import { EARLIEST_MS, fieldText, LATEST_MS, NS_PER_MS, tagText, timeText } from "./text.ts";

/**
 * The points of a batch as lines of the line protocol:
 *
 *   ticks,_partition=market.events/0,instrumentId=binance:BTC-USDT,side=buy
 *     price=61837.63,volume=0.02,orderId=3735683259i,_position=7i 1723161255342000000
 *
 * The same changes always give the same lines. Content that a point cannot hold is refused here,
 * before anything of the batch is written.
 */
export function linesOf(
  tables: ReadonlyMap<string, ShapedTable>,
  partition: PartitionKey,
  changes: readonly PositionedChange[],
): string[] {
  const origin = `,${PARTITION_TAG}=${tagText(partition)}`;
  const days = new Set<string>();
  let before: RowOfDay | null = null;
  const lines: string[] = [];
  for (const change of changes) {
    const { table: name, row, position, deleted } = change;
    const table = tables.get(name);
    if (table === undefined) throw new DataError(`the read model has no table ${name}`);
    const time = timeOf(table, row, position);
    const fields = deleted ? deletedField(table) : fieldsOf(table, row);
    const end = `${beginningOf(change)}${POSITION_FIELD}=${position}i ${time.text}`;
    lines.push(`${name}${origin}${tagsOf(table.tags, table, row)} ${fields}${end}`);
    if (time.day === null || isSameDay(before, { table, row, day: time.day })) continue;
    before = { table, row, day: time.day };
    days.add(dayLine(origin, before));
  }
  return [...days, ...lines];
}

interface RowOfDay {
  readonly table: ShapedTable;
  readonly row: Row;
  readonly day: number;
}

/** Changes come sorted by key, so nearly every one is of the series and the day before it. */
function isSameDay(before: RowOfDay | null, { table, row, day }: RowOfDay): boolean {
  if (before === null || before.table !== table || before.day !== day) return false;
  return table.series.every((column) => before.row[column] === row[column]);
}

function dayLine(origin: string, { table, row, day }: RowOfDay): string {
  const series = table.tags.filter(({ name }) => table.series.includes(name));
  const tags = `,${TABLE_TAG}=${table.name}${tagsOf(series, table, row)}`;
  return `${DAYS}${origin}${tags} day=${day}i ${day}`;
}

function tagsOf(tags: readonly ShapedColumn[], table: ShapedTable, row: Row): string {
  let text = "";
  for (const { name, index } of tags) {
    const value = checkedKey(row[name], table, index);
    if (value !== 0) text += `,${name}=${typeof value === "number" ? value : tagText(value)}`;
  }
  return text;
}

function checkedKey(value: Value | undefined, table: ShapedTable, index: number): string | number {
  const checked = checkedValue(value, table, index);
  if (typeof checked === "string" || typeof checked === "number") return checked;
  throw cannotHold(checked, table, index);
}

function deletedField({ name, table }: ShapedTable): string {
  if (table.immutable) throw new DataError(`a row of ${name} never changes, so it never goes`);
  return `${DELETED_FIELD}=true,`;
}

/** Nothing where the point itself says it: most rows change once in a batch. */
function beginningOf({ position, first = position, begins }: PositionedChange): string {
  const since = first === position ? "" : `${FIRST_FIELD}=${first}i,`;
  return begins ? `${since}${BEGINS_FIELD}=true,` : since;
}

/** A point of a row that may change has all its fields, for InfluxQL's `last` goes field by field. */
function fieldsOf(table: ShapedTable, row: Row): string {
  const isWhole = table.table.immutable !== true;
  let fields = isWhole ? `${DELETED_FIELD}=false,` : "";
  for (const { name, type, index } of table.fields) {
    const value = checkedValue(row[name], table, index);
    if (type === "decimal") fields += decimalFields({ table, index, value, isWhole });
    else if (value === null) refuseInKey(table, index);
    else fields += `${name}=${fieldValue(type, value)},`;
  }
  return fields;
}

function refuseInKey(table: ShapedTable, index: number): void {
  if (index < table.keyColumns.length) throw cannotHold(null, table, index);
}

function fieldValue(type: ShapedColumn["type"], value: Exclude<Value, null>): string {
  if (typeof value === "string") return fieldText(value);
  return type === "integer" ? `${value}i` : String(value);
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** A double to reckon with in InfluxQL, and the exact text unless the double prints as that. */
function decimalFields(parts: {
  readonly table: ShapedTable;
  readonly index: number;
  readonly value: Value;
  readonly isWhole: boolean;
}): string {
  const { table, index, value, isWhole } = parts;
  const name = table.columns[index] as string;
  if (value === null) return isWhole ? `${name}=0,${exactField(name)}="",` : "";
  const text = String(value);
  if (!DECIMAL.test(text)) throw cannotHold(text, table, index);
  const double = String(Number(text));
  if (double === text && !isWhole) return `${name}=${double},`;
  return `${name}=${double},${exactField(name)}="${text}",`;
}

interface PointTime {
  readonly text: string;
  /** `null` where points stand at their positions. */
  readonly day: number | null;
}

function timeOf(table: ShapedTable, row: Row, position: number): PointTime {
  const { time } = table.shape;
  if (time === null) return { text: timeText(0, position), day: null };
  const { msColumn, nsColumn, nsBelow } = time;
  const ms = integerIn(table, row, msColumn);
  const ns = nsColumn === null ? position : integerIn(table, row, nsColumn);
  const isApart = ms % Math.ceil(nsBelow / NS_PER_MS) === 0;
  if (ms < EARLIEST_MS || ms > LATEST_MS || ns < 0 || ns >= nsBelow || !isApart) {
    throw new DataError(`${table.name} has no point at ${ms} ms and ${ns} ns`);
  }
  return { text: timeText(ms, ns), day: Math.floor(ms / DAY_MS) };
}

function integerIn(table: ShapedTable, row: Row, column: string): number {
  const index = table.columns.indexOf(column);
  const value = checkedValue(row[column], table, index);
  if (typeof value === "number") return value;
  throw cannotHold(value, table, index);
}
