import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { ColumnType, Row, Value } from "./projection.ts";
import { checkedValue, quoted, quotedList, type StoredTable } from "./stored-table.ts";

/**
 * How a declared table stands in SQLite:
 *
 *   CREATE TABLE "lots" ("portfolioId" TEXT NOT NULL, …, "_partition" INTEGER, "_position" INTEGER,
 *                        PRIMARY KEY ("portfolioId", …)) STRICT, WITHOUT ROWID
 *
 * `_partition` is the number of the partition in `_checkpoints`; with `_position` it says which
 * event last changed the row. STRICT makes a wrong type an error instead of a wrong row.
 */
const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: "TEXT",
  integer: "INTEGER",
  decimal: "TEXT",
  double: "REAL",
  boolean: "INTEGER",
  json: "TEXT",
};

export function createTableSql({ name, table, keyColumns }: StoredTable): string {
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
export function upsertSql({ name, table, keyColumns, columns }: StoredTable, rows: number): string {
  const all = [...columns, "_partition", "_position"];
  const one = `(${all.map(() => "?").join(", ")})`;
  const changed = all.filter((column) => !keyColumns.includes(column));
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
