import type { ColumnType, Table } from "../../runner/projection.ts";
import { type StoredTable, storedTable } from "../../runner/stored-table.ts";

/**
 * How the rows of a table become points. Every point is immutable: each version of a row is one of
 * its own, at the position that made it, so that an old write that arrives late changes nothing.
 */
export interface InfluxShape {
  /** Columns whose values are few: texts, and integers of which 0 is left out. */
  readonly tags: readonly string[];
  /** Where a point stands in time; `null`: at its position, as for tables of few keys. */
  readonly time: InfluxTimeShape | null;
}

export interface InfluxTimeShape {
  /** The key column with the time, epoch ms. */
  readonly msColumn: string;
  /** The column that tells points of one time apart; `null`: their position does. */
  readonly nsColumn: string | null;
  /** What stands there is below this, which the times of different rows are apart. */
  readonly nsBelow: number;
}

/** By table; those left out have their whole key as tags. */
export type InfluxShapes = Readonly<Record<string, InfluxShape>>;

/** A declared table with its shape. */
export interface ShapedTable extends StoredTable {
  readonly shape: InfluxShape;
  /** Key columns by which points are found, besides time: those before the time in key order. */
  readonly series: readonly string[];
  /** Columns that are fields. */
  readonly fields: readonly ShapedColumn[];
  readonly tags: readonly ShapedColumn[];
}

export interface ShapedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Its place among the columns of the table. */
  readonly index: number;
}

export function shapedTable(name: string, table: Table, given?: InfluxShape): ShapedTable {
  const stored = storedTable(name, table);
  const { keyColumns, columns, types } = stored;
  const shape = given ?? { tags: keyColumns, time: null };
  const { tags, time } = shape;
  const isInTime = (column: string) => column === time?.msColumn || column === time?.nsColumn;
  const all = columns.map((column, index) => {
    return { name: column, type: types[index] as ColumnType, index };
  });
  const series =
    time === null ? keyColumns : keyColumns.slice(0, keyColumns.indexOf(time.msColumn));
  const untagged = series.filter((column) => !tags.includes(column));
  if (untagged.length > 0) throw new RangeError(`${name}: ${untagged} must be tags`);
  for (const one of [name, ...columns]) {
    if (!PLAIN_NAME.test(one)) throw new RangeError(`${name}: a name like ${one} needs escapes`);
  }
  return {
    ...stored,
    shape,
    series,
    tags: all.filter((column) => tags.includes(column.name)),
    fields: all.filter((column) => !tags.includes(column.name) && !isInTime(column.name)),
  };
}

/** Such names stand in lines and queries as they are. */
const PLAIN_NAME = /^[A-Za-z]\w*$/;

/** The field with a decimal's exact text, beside the double. */
export function exactField(column: string): string {
  return `${column}_text`;
}

/** Of every point: where its row was last changed, and whether it was deleted there. */
export const PARTITION_TAG = "_partition";
export const POSITION_FIELD = "_position";
export const DELETED_FIELD = "_deleted";

/**
 * Of a point that stands for several changes of its row: where the first of them stood; and that
 * the row was deleted before that, of which there may be no point.
 */
export const FIRST_FIELD = "_first";
export const BEGINS_FIELD = "_begins";

/**
 * The days of which a series of a table has points, at the day's number: without it the server
 * would have to look into every shard for the newest tick.
 */
export const DAYS = "_days";
export const TABLE_TAG = "_table";
export const DAY_MS = 86_400_000;
