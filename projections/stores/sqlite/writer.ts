import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { DataError, type PositionedChange } from "../../runner/read-store.ts";
import { keyValues, type StoredTable } from "../../runner/stored-table.ts";
import { deleteSql, pushValues, upsertSql } from "./table.ts";

/** Rows one statement writes: beyond 16 the cost per row no longer falls. */
const ROWS_PER_STATEMENT = 16;

/** Writes changes through prepared statements; the caller holds the transaction. */
export class SqliteWriter {
  readonly #tables: ReadonlyMap<string, TableStatements>;

  constructor(database: DatabaseSync, tables: readonly StoredTable[]) {
    this.#tables = new Map(tables.map((table) => [table.name, prepareTable(database, table)]));
  }

  /** `partitionId` is the partition's number in `_checkpoints`. */
  write(changes: readonly PositionedChange[], partitionId: number): void {
    let from = 0;
    while (from < changes.length) {
      const name = (changes[from] as PositionedChange).table;
      const statements = this.#tables.get(name);
      if (statements === undefined) throw new DataError(`the read model has no table ${name}`);
      let to = from + 1;
      while (changes[to]?.table === name) to += 1;
      writeTable(statements, changes.slice(from, to), partitionId);
      from = to;
    }
  }
}

interface TableStatements {
  readonly table: StoredTable;
  readonly one: StatementSync;
  readonly many: StatementSync;
  readonly remove: StatementSync;
}

function prepareTable(database: DatabaseSync, table: StoredTable): TableStatements {
  return {
    table,
    one: database.prepare(upsertSql(table, 1)),
    many: database.prepare(upsertSql(table, ROWS_PER_STATEMENT)),
    remove: database.prepare(deleteSql(table)),
  };
}

function writeTable(
  { table, one, many, remove }: TableStatements,
  changes: readonly PositionedChange[],
  partitionId: number,
): void {
  let values: SQLInputValue[] = [];
  let rows = 0;
  for (const { row, position, first = position, begins, deleted } of changes) {
    if (deleted || begins) remove.run(...keyValues(table, row));
    if (deleted) continue;
    pushValues(values, table, row);
    values.push(partitionId, position);
    if (table.keepsFirst) values.push(first);
    rows += 1;
    if (rows < ROWS_PER_STATEMENT) continue;
    many.run(...values);
    values = [];
    rows = 0;
  }
  const width = values.length / Math.max(rows, 1);
  for (let at = 0; at < values.length; at += width) one.run(...values.slice(at, at + width));
}
