import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { ColumnType, Row, Value } from "../../runner/projection.ts";
import { checkedValue, quoted, quotedList, type StoredTable } from "../../runner/stored-table.ts";

/**
 * How a declared table stands in SQLite:
 *
 *   CREATE TABLE "lots" ("portfolioId" TEXT NOT NULL, …, "_partition" INTEGER, "_position" INTEGER,
 *                        PRIMARY KEY ("portfolioId", …)) STRICT, WITHOUT ROWID
 *
 * `_partition` is the number of the partition in `_checkpoints`; with `_position` it says which
 * event last changed the row. Rows that may change also have `_first`, which says the same of the
 * event that made them. STRICT makes a wrong type an error instead of a wrong row.
 */
const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: "TEXT",
  integer: "INTEGER",
  decimal: "TEXT",
  double: "REAL",
  boolean: "INTEGER",
  json: "TEXT",
};

export function createTableSql(stored: StoredTable): string {
  const { name, table, keyColumns } = stored;
  const keys = Object.entries(table.key).map(([column, type]) => {
    return `${quoted(column)} ${SQL_TYPES[type]} NOT NULL`;
  });
  const others = Object.entries(table.columns).map(([column, type]) => {
    return `${quoted(column)} ${SQL_TYPES[type]}`;
  });
  const origin = originColumns(stored).map((column) => `${quoted(column)} INTEGER NOT NULL`);
  const columns = [...keys, ...others, ...origin].join(", ");
  const key = quotedList(keyColumns);
  return `CREATE TABLE IF NOT EXISTS ${quoted(name)} (${columns}, PRIMARY KEY (${key}))
          STRICT, WITHOUT ROWID`;
}

/** What stands behind the declared columns, in the order in which it is bound. */
function originColumns({ keepsFirst }: StoredTable): readonly string[] {
  return ["_partition", "_position", ...(keepsFirst ? ["_first"] : [])];
}

/**
 * An upsert of `rows` rows at once. One that is there keeps where it began, and stays as it
 * is where it is immutable.
 */
export function upsertSql(stored: StoredTable, rows: number): string {
  const { name, table, keyColumns, columns } = stored;
  const all = [...columns, ...originColumns(stored)];
  const one = `(${all.map(() => "?").join(", ")})`;
  const changed = all.filter((column) => !keyColumns.includes(column) && column !== "_first");
  const sets = changed.map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
  const onConflict = table.immutable ? "DO NOTHING" : `DO UPDATE SET ${sets.join(", ")}`;
  return `INSERT INTO ${quoted(name)} (${quotedList(all)})
          VALUES ${Array(rows).fill(one).join(", ")}
          ON CONFLICT (${quotedList(keyColumns)}) ${onConflict}`;
}

export function deleteSql({ name, keyColumns }: StoredTable): string {
  const matches = keyColumns.map((column) => `${quoted(column)} = ?`).join(" AND ");
  return `DELETE FROM ${quoted(name)} WHERE ${matches}`;
}

/** A page of rows in key order, with the partition and position that last changed each. */
export function pageSql({ name, keyColumns, columns }: StoredTable, after: boolean): string {
  const key = quotedList(keyColumns, "t");
  const where = after ? `WHERE (${key}) > (${keyColumns.map(() => "?").join(", ")})` : "";
  return `SELECT ${quotedList(columns, "t")}, c."partition" AS "_partitionKey", "_position"
          FROM ${quoted(name)} t CROSS JOIN "_checkpoints" c ON c."id" = "_partition"
          ${where} ORDER BY ${key} LIMIT ?`;
}

/** The row of a key, with what made it. */
export function rowSql({ name, keyColumns, columns, keepsFirst }: StoredTable): string {
  const first = keepsFirst ? '"_first"' : '"_position"';
  const matches = keyColumns.map((column) => `t.${quoted(column)} = ?`).join(" AND ");
  return `SELECT ${quotedList(columns, "t")}, c."partition" AS "_partitionKey", "_position",
            ${first} AS "_firstPosition"
          FROM ${quoted(name)} t CROSS JOIN "_checkpoints" c ON c."id" = "_partition"
          WHERE ${matches}`;
}

/** Appends a row's values to `target` in the order of `columns`. */
export function pushValues(target: SQLInputValue[], table: StoredTable, row: Row): void {
  const { columns } = table;
  for (let i = 0; i < columns.length; i += 1) {
    const value = checkedValue(row[columns[i] as string], table, i);
    target.push(typeof value === "boolean" ? Number(value) : value);
  }
}

/** The declared row of what SQLite gives back. */
export function readRow({ columns, types }: StoredTable, stored: StoredValues): Row {
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
