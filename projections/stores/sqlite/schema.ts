import type { DatabaseSync } from "node:sqlite";
import { FinalError } from "../../runner/persist.ts";
import type { Projection } from "../../runner/projection.ts";
import {
  indexName,
  quoted,
  quotedList,
  type StoredTable,
  type TableIndex,
} from "../../runner/stored-table.ts";
import { createTableSql } from "./table.ts";
import { createTextIndexSql, type SqliteTextIndex } from "./text-index.ts";

/** An index beside the primary key, which a reader's queries need. */
export type SqliteIndex = TableIndex | SqliteTextIndex;

/**
 * Makes the file of a generation: its declared tables and indexes, and four tables of ours.
 *
 *   _generation   one row: which projection at which version built this file
 *   _checkpoints  one row per partition; `id` stands in the rows as `_partition`
 *   _parked       one row per stream set aside
 *   _causes       one row per partition and partition in which its events have their causes
 */
export function createSchema(parts: {
  readonly database: DatabaseSync;
  readonly projection: Pick<Projection, "name" | "version">;
  readonly tables: readonly StoredTable[];
  readonly indexes: readonly SqliteIndex[];
}): void {
  const { database, projection, tables, indexes } = parts;
  database.exec("BEGIN IMMEDIATE");
  try {
    database.exec(OWN_TABLES);
    for (const table of tables) database.exec(createTableSql(table));
    for (const index of indexes) database.exec(anyIndexSql(index, tables));
    requireSameProjection(database, projection);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

const OWN_TABLES = `
  CREATE TABLE IF NOT EXISTS "_generation" (
    "projection" TEXT NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS "_checkpoints" (
    "id" INTEGER PRIMARY KEY, "partition" TEXT NOT NULL UNIQUE, "next" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL, "logId" TEXT NOT NULL, "highestClaim" INTEGER NOT NULL,
    "recordedAtMs" INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS "_parked" (
    "partition" TEXT NOT NULL, "stream" TEXT NOT NULL, "position" INTEGER NOT NULL,
    "sequence" INTEGER NOT NULL, "reason" TEXT NOT NULL, PRIMARY KEY ("partition", "stream")
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "_causes" (
    "partition" TEXT NOT NULL, "source" TEXT NOT NULL, "next" INTEGER NOT NULL,
    PRIMARY KEY ("partition", "source")
  ) STRICT, WITHOUT ROWID;
`;

function anyIndexSql(index: SqliteIndex, tables: readonly StoredTable[]): string {
  if ("columns" in index) return createIndexSql(index);
  const indexed = tables.find(({ name }) => name === index.table);
  if (indexed === undefined) throw new RangeError(`no table ${index.table} to search`);
  return createTextIndexSql(index, indexed);
}

export function createIndexSql(index: TableIndex): string {
  const name = quoted(indexName(index));
  return `CREATE INDEX IF NOT EXISTS ${name} ON ${quoted(index.table)} (${quotedList(index.columns)})`;
}

function requireSameProjection(
  database: DatabaseSync,
  { name, version }: Pick<Projection, "name" | "version">,
): void {
  database
    .prepare('INSERT INTO "_generation" VALUES (?, ?) ON CONFLICT DO NOTHING')
    .run(name, version);
  const built = database.prepare('SELECT "projection", "version" FROM "_generation"').all();
  const [row] = built;
  if (built.length === 1 && row?.projection === name && row.version === version) return;
  throw new FinalError(`the file was built by ${JSON.stringify(built)}, not by ${name} ${version}`);
}
