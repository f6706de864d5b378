import type { PartitionKey } from "../../platform/log/log.ts";
import {
  DAY_MS,
  DAYS,
  DELETED_FIELD,
  exactField,
  PARTITION_TAG,
  POSITION_FIELD,
  type ShapedColumn,
  type ShapedTable,
  TABLE_TAG,
} from "./influx-shape.ts";
import { EARLIEST_MS, fieldText, LATEST_MS, NS_PER_MS, tagText, timeText } from "./influx-text.ts";
import type { Row, Value } from "./projection.ts";
import { DataError, type PositionedChange } from "./read-store.ts";
import { cannotHold, checkedValue } from "./stored-table.ts";

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
  const days = new Set<string>();
  const lines = changes.map((change) => {
    const table = tables.get(change.table);
    if (table === undefined) throw new DataError(`the read model has no table ${change.table}`);
    return lineOf(table, partition, { change, days });
  });
  return [...days, ...lines];
}

function lineOf(
  table: ShapedTable,
  partition: PartitionKey,
  { change, days }: { readonly change: PositionedChange; readonly days: Set<string> },
): string {
  const { row, position } = change;
  const tags = tagsOf(table.tags, table, row);
  const origin = `,${PARTITION_TAG}=${tagText(partition)}`;
  const fields = change.deleted ? [deleted(table)] : fieldsOf(table, row);
  fields.push(`${POSITION_FIELD}=${position}i`);
  const time = timeOf(table, row, position);
  if (time.day !== null) {
    const series = table.tags.filter(({ name }) => table.series.includes(name));
    const found = `,${TABLE_TAG}=${table.name}${tagsOf(series, table, row)}`;
    days.add(`${DAYS}${origin}${found} day=${time.day}i ${time.day}`);
  }
  return `${table.name}${origin}${tags} ${fields.join()} ${time.text}`;
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

function deleted({ name, table }: ShapedTable): string {
  if (table.immutable) throw new DataError(`a row of ${name} never changes, so it never goes`);
  return `${DELETED_FIELD}=true`;
}

/** A point of a row that may change has all its fields, for InfluxQL's `last` goes field by field. */
function fieldsOf(table: ShapedTable, row: Row): string[] {
  const isWhole = table.table.immutable !== true;
  const fields: string[] = isWhole ? [`${DELETED_FIELD}=false`] : [];
  for (const { name, type, index } of table.fields) {
    const value = checkedValue(row[name], table, index);
    if (type === "decimal") fields.push(...decimalFields({ table, index, value, isWhole }));
    else if (value === null) refuseInKey(table, index);
    else fields.push(`${name}=${fieldValue(type, value)}`);
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
}): string[] {
  const { table, index, value, isWhole } = parts;
  const name = table.columns[index] as string;
  if (value === null) return isWhole ? [`${name}=0`, `${exactField(name)}=""`] : [];
  const text = String(value);
  if (!DECIMAL.test(text)) throw cannotHold(text, table, index);
  const double = String(Number(text));
  const isExact = double === text && !isWhole;
  return isExact ? [`${name}=${double}`] : [`${name}=${double}`, `${exactField(name)}="${text}"`];
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
