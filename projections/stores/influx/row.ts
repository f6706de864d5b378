import type { PartitionKey } from "../../../platform/log/log.ts";
import type { Value } from "../../runner/projection.ts";
import type { StoredRow } from "../../runner/read-store.ts";
import { type InfluxSeries, identifier, identifiers } from "./query.ts";
import {
  DELETED_FIELD,
  exactField,
  PARTITION_TAG,
  POSITION_FIELD,
  type ShapedColumn,
  type ShapedTable,
} from "./shape.ts";
import { NS_PER_MS, parsedTime, textOfTag } from "./text.ts";

/** One version of a row, as a point has it. */
export interface StoredVersion extends StoredRow {
  /** The row then holds the key alone. */
  readonly isDeleted: boolean;
}

/** What is selected of a table's points; those of a row that may change have all exact texts. */
export function selectedColumns({ fields, tags, table }: ShapedTable): string {
  const names = fields.flatMap(({ name, type }) => {
    if (type !== "decimal") return [name];
    return table.immutable ? [name, exactField(name)] : [exactField(name)];
  });
  if (!table.immutable) names.push(DELETED_FIELD);
  return identifiers([POSITION_FIELD, ...names, PARTITION_TAG, ...tags.map(({ name }) => name)]);
}

/**
 * The same of the newest point of each stretch of time, for a query that groups by it: the last
 * position picks the point, and the server gives the beginning of its stretch as its time.
 */
export function lastOfSelected(table: ShapedTable): string {
  const position = identifier(POSITION_FIELD);
  return selectedColumns(table).replace(position, `last(${position}) AS ${position}`);
}

/** Where the times of an answer's points stand. */
export type PointTimes = "their own" | "of their stretch";

/** The versions in the answer to a query of `selectedColumns`. */
export function versionsIn(
  table: ShapedTable,
  series: readonly InfluxSeries[],
  times: PointTimes = "their own",
): StoredVersion[] {
  return series.flatMap(({ columns, values }) => {
    const read = versionReader(table, columns, times);
    return values.map(read);
  });
}

type Values = readonly Value[];

function versionReader(
  table: ShapedTable,
  columns: readonly string[],
  times: PointTimes,
): (values: Values) => StoredVersion {
  const placeOf = (name: string) => columns.indexOf(name);
  const [partition, position] = [placeOf(PARTITION_TAG), placeOf(POSITION_FIELD)];
  const deleted = placeOf(DELETED_FIELD);
  const readers = [
    ...table.tags.map((tag) => [tag.name, tagReader(tag, placeOf(tag.name))] as const),
    ...table.fields.map((field) => [field.name, fieldReader(field, placeOf)] as const),
  ];
  const readTime = timeReader(table, times);
  return (values) => {
    const row: Record<string, Value> = {};
    const positionOfRow = Number(values[position]);
    readTime(row, String(values[0]), positionOfRow);
    for (const [name, read] of readers) row[name] = read(values);
    return {
      row,
      partition: textOfTag(String(values[partition])) as PartitionKey,
      position: positionOfRow,
      isDeleted: values[deleted] === true,
    };
  };
}

function timeReader({ shape: { time } }: ShapedTable, times: PointTimes) {
  return (row: Record<string, Value>, text: string, position: number): void => {
    if (time === null) return;
    const { ms, ns } = parsedTime(text);
    if (time.nsColumn !== null) row[time.nsColumn] = ns;
    // A position may be more than the nanoseconds of a millisecond.
    const isAtPosition = time.nsColumn === null && times === "their own";
    row[time.msColumn] = isAtPosition ? ms - Math.floor(position / NS_PER_MS) : ms;
  };
}

function tagReader({ type }: ShapedColumn, place: number): (values: Values) => Value {
  if (type === "integer") return (values) => Number(values[place] ?? 0);
  return (values) => textOfTag(String(values[place]));
}

function fieldReader(
  { name, type }: ShapedColumn,
  placeOf: (name: string) => number,
): (values: Values) => Value {
  const place = placeOf(name);
  if (type !== "decimal") return (values) => values[place] ?? null;
  const exact = placeOf(exactField(name));
  return (values) => {
    const text = values[exact] ?? null;
    if (text !== null) return text === "" ? null : text;
    const double = values[place] ?? null;
    return double === null ? null : String(double);
  };
}
