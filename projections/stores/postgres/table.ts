import type { ColumnType, Row, Value } from "../../runner/projection.ts";
import type { SqlRow, SqlValue } from "../../runner/sql-row.ts";
import {
  cannotHold,
  checkedValue,
  indexName,
  quoted,
  quotedList,
  type StoredTable,
  type TableIndex,
} from "../../runner/stored-table.ts";

/**
 * How a declared table stands in PostgreSQL:
 *
 *   CREATE TABLE "portfolios_g3"."lots" ("portfolioId" text COLLATE "C" NOT NULL, …,
 *     "_partition" integer NOT NULL, "_position" bigint NOT NULL, PRIMARY KEY ("portfolioId", …))
 *
 * `_partition` is the number of the partition in `_checkpoints`; with `_position` it says which
 * event last changed the row. Rows that may change also have `_first`, which says the same of the
 * event that made them. Texts are ordered by byte, which in UTF-8 is by code point. A
 * `numeric` without limits gives back the digits it was given; `json` gives back its text.
 */
const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text COLLATE "C"',
  integer: "bigint",
  decimal: "numeric",
  double: "double precision",
  boolean: "boolean",
  json: "json",
};

/** In a row of `unnest`. */
const ARRAY_TYPES: Readonly<Record<ColumnType, string>> = {
  text: "text[]",
  integer: "bigint[]",
  decimal: "numeric[]",
  double: "float8[]",
  boolean: "boolean[]",
  json: "json[]",
};

/** Percent of a page that inserts fill; the rest lets an update stay on its page (HOT). */
const FILL_OF_CHANGING_TABLES = 80;

/** As `decimalText` gives it. `numeric` also takes NaN, and gives 1e3 back as 1000. */
const DECIMAL = /^-?\d+(\.\d+)?$/;

export function createTableSql(schema: string, stored: StoredTable): string {
  const { name, table, keyColumns, keepsFirst } = stored;
  const keys = Object.entries(table.key).map(([column, type]) => {
    return `${quoted(column)} ${SQL_TYPES[type]} NOT NULL`;
  });
  const others = Object.entries(table.columns).map(([column, type]) => {
    return `${quoted(column)} ${SQL_TYPES[type]}`;
  });
  const origin = ['"_partition" integer NOT NULL', '"_position" bigint NOT NULL'];
  if (keepsFirst) origin.push('"_first" bigint NOT NULL');
  const columns = [...keys, ...others, ...origin].join(", ");
  const fill = table.immutable ? "" : ` WITH (fillfactor = ${FILL_OF_CHANGING_TABLES})`;
  return `CREATE TABLE IF NOT EXISTS ${tableName(schema, name)}
          (${columns}, PRIMARY KEY (${quotedList(keyColumns)}))${fill}`;
}

export function createIndexSql(schema: string, index: TableIndex): string {
  const name = quoted(indexName(index));
  const on = tableName(schema, index.table);
  return `CREATE INDEX IF NOT EXISTS ${name} ON ${on} (${quotedList(index.columns)})`;
}

export function tableName(schema: string, name: string): string {
  return `${quoted(schema)}.${quoted(name)}`;
}

/** The type of the array that column `i` of a batch travels in. */
export function arrayType({ types }: StoredTable, i: number): string {
  return ARRAY_TYPES[types[i] as ColumnType];
}

/** A page of rows in key order, with the partition and position that last changed each. */
export function pageSql(schema: string, stored: StoredTable, after: boolean): string {
  const { name, keyColumns, columns } = stored;
  const key = quotedList(keyColumns, "t");
  const places = keyColumns.map((_, i) => `$${i + 2}`).join(", ");
  const where = after ? `WHERE (${key}) > (${places})` : "";
  return `SELECT ${quotedList(columns, "t")}, c."partition" AS "_partitionKey", "_position"
          FROM ${tableName(schema, name)} t
            JOIN ${tableName(schema, "_checkpoints")} c ON c."id" = "_partition"
          ${where} ORDER BY ${key} LIMIT $1`;
}

/** The row of a key, with what made it. */
export function rowSql(schema: string, stored: StoredTable): string {
  const { name, keyColumns, columns, keepsFirst } = stored;
  const first = keepsFirst ? '"_first"' : '"_position"';
  const matches = keyColumns.map((column, i) => `t.${quoted(column)} = $${i + 1}`);
  return `SELECT ${quotedList(columns, "t")}, c."partition" AS "_partitionKey", "_position",
            ${first} AS "_firstPosition"
          FROM ${tableName(schema, name)} t
            JOIN ${tableName(schema, "_checkpoints")} c ON c."id" = "_partition"
          WHERE ${matches.join(" AND ")}`;
}

/** A value as PostgreSQL takes it; what it would change or not give back alike is refused. */
export function boundValue(value: Value | undefined, stored: StoredTable, index: number): Value {
  const checked = checkedValue(value, stored, index);
  const isDecimal = stored.types[index] === "decimal" && typeof checked === "string";
  if (isDecimal && !DECIMAL.test(checked)) throw cannotHold(checked, stored, index);
  return checked;
}

/** The declared row of what PostgreSQL gives back. */
export function readRow({ columns, types }: StoredTable, stored: SqlRow): Row {
  const row: Record<string, Value> = {};
  columns.forEach((column, i) => {
    row[column] = readValue(types[i] as ColumnType, stored[column]);
  });
  return row;
}

function readValue(type: ColumnType, value: SqlValue | undefined): Value {
  if (value === null || value === undefined) return null;
  if (typeof value !== "bigint" && !(value instanceof Uint8Array)) return value;
  throw new RangeError(`PostgreSQL gave a ${typeof value} where a ${type} stands`);
}
