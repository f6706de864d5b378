import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { keyOf } from "./key-order.ts";
import type { ColumnType, Row, Table, Value } from "./projection.ts";
import { DataError } from "./read-store.ts";

/**
 * How a declared table stands in SQLite:
 *
 *   CREATE TABLE "lots" ("portfolioId" TEXT NOT NULL, …, "_partition" INTEGER, "_position" INTEGER,
 *                        PRIMARY KEY ("portfolioId", …)) STRICT, WITHOUT ROWID
 *
 * `_partition` is the number of the partition in `_checkpoints`; with `_position` it says which
 * event last changed the row. STRICT makes a wrong type an error instead of a wrong row.
 */
export interface SqliteTable {
  readonly name: string;
  readonly table: Table;
  readonly keyColumns: readonly string[];
  /** Key and other columns, in the order they are bound and read. */
  readonly columns: readonly string[];
  /** The types of `columns`. */
  readonly types: readonly ColumnType[];
}

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: "TEXT",
  integer: "INTEGER",
  decimal: "TEXT",
  double: "REAL",
  boolean: "INTEGER",
  json: "TEXT",
};

export function sqliteTable(name: string, table: Table): SqliteTable {
  const keyColumns = Object.keys(table.key);
  for (const [column, type] of Object.entries(table.key)) {
    if (type !== "text" && type !== "integer") {
      throw new RangeError(`${name}.${column}: a key column is text or integer, not ${type}`);
    }
  }
  const columns = [...keyColumns, ...Object.keys(table.columns)];
  const types = [...Object.values(table.key), ...Object.values(table.columns)];
  return { name, table, keyColumns, columns, types };
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quotedList(names: readonly string[]): string {
  return names.map(quoted).join(", ");
}

export function createTableSql({ name, table, keyColumns }: SqliteTable): string {
  const keys = Object.entries(table.key).map(([column, type]) => {
    return `${quoted(column)} ${SQL_TYPES[type]} NOT NULL`;
  });
  const others = Object.entries(table.columns).map(([column, type]) => {
    return `${quoted(column)} ${SQL_TYPES[type]}`;
  });
  const origin = ['"_partition" INTEGER NOT NULL', '"_position" INTEGER NOT NULL'];
  const columns = [...keys, ...others, ...origin].join(", ");
  const key = quotedList(keyColumns);
  return `CREATE TABLE IF NOT EXISTS ${quoted(name)} (${columns}, PRIMARY KEY (${key}))
          STRICT, WITHOUT ROWID`;
}

/** An upsert of `rows` rows at once; an immutable row that is there already stays. */
export function upsertSql({ name, table, keyColumns, columns }: SqliteTable, rows: number): string {
  const all = [...columns, "_partition", "_position"];
  const one = `(${all.map(() => "?").join(", ")})`;
  const changed = all.filter((column) => !keyColumns.includes(column));
  const sets = changed.map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
  const onConflict = table.immutable ? "DO NOTHING" : `DO UPDATE SET ${sets.join(", ")}`;
  return `INSERT INTO ${quoted(name)} (${quotedList(all)})
          VALUES ${Array(rows).fill(one).join(", ")}
          ON CONFLICT (${quotedList(keyColumns)}) ${onConflict}`;
}

export function deleteSql({ name, keyColumns }: SqliteTable): string {
  const matches = keyColumns.map((column) => `${quoted(column)} = ?`).join(" AND ");
  return `DELETE FROM ${quoted(name)} WHERE ${matches}`;
}

/** A page of rows in key order, with the partition and position that last changed each. */
export function pageSql({ name, keyColumns, columns }: SqliteTable, after: boolean): string {
  const key = quotedList(keyColumns);
  const where = after ? `WHERE (${key}) > (${keyColumns.map(() => "?").join(", ")})` : "";
  return `SELECT ${quotedList(columns)}, c."partition" AS "_partitionKey", "_position"
          FROM ${quoted(name)} CROSS JOIN "_checkpoints" c ON c."id" = "_partition"
          ${where} ORDER BY ${key} LIMIT ?`;
}

/** Appends a row's values to `target` in the order of `columns`. */
export function pushValues(target: SQLInputValue[], table: SqliteTable, row: Row): void {
  const { columns, types } = table;
  for (let i = 0; i < columns.length; i += 1) {
    const column = columns[i] as string;
    const value = row[column];
    const fits = value === null || (typeof value === "string" && holdsText(types[i]));
    target.push(fits ? value : boundValue(value, table, i));
  }
}

export function keyValues(table: SqliteTable, row: Row): SQLInputValue[] {
  return keyValuesOf(table, keyOf(table.table, row));
}

export function keyValuesOf(table: SqliteTable, key: readonly Value[]): SQLInputValue[] {
  return key.map((value, i) => boundValue(value, table, i));
}

function holdsText(type: ColumnType | undefined): boolean {
  return type === "text" || type === "decimal" || type === "json";
}

/** What SQLite would silently change (NaN to NULL, 5 to "5", 2^53 + 1 to its neighbour) is refused. */
function boundValue(value: Value | undefined, table: SqliteTable, index: number): SQLInputValue {
  const type = table.types[index];
  switch (typeof value) {
    case "string":
      if (holdsText(type)) return value;
      break;
    case "number":
      if (type === "integer" ? Number.isSafeInteger(value) : isDouble(type, value)) return value;
      break;
    case "boolean":
      if (type === "boolean") return value ? 1 : 0;
      break;
    case "undefined":
      throw new DataError(`${table.name}.${table.columns[index]} is missing in the row`);
    default:
      return null;
  }
  throw new DataError(`${table.name}.${table.columns[index]} (${type}) cannot hold ${value}`);
}

function isDouble(type: ColumnType | undefined, value: number): boolean {
  return type === "double" && Number.isFinite(value);
}

/** The declared row of what SQLite gives back. */
export function readRow({ columns, types }: SqliteTable, stored: StoredValues): Row {
  const row: Record<string, Value> = {};
  columns.forEach((column, i) => {
    row[column] = readValue(types[i] as ColumnType, stored[column]);
  });
  return row;
}

type StoredValues = Record<string, SQLOutputValue>;

function readValue(type: ColumnType, value: SQLOutputValue | undefined): Value {
  if (value === null || value === undefined) return null;
  if (type === "boolean") return value === 1;
  if (typeof value === "string" || typeof value === "number") return value;
  throw new RangeError(`SQLite gave a ${typeof value} where a ${type} stands`);
}
