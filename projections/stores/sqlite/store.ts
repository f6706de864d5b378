import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import type { PartitionKey } from "../../../platform/log/log.ts";
import type { Projection, Value } from "../../runner/projection.ts";
import {
  type ApplyOutcome,
  type Batch,
  type Checkpoint,
  DataError,
  type ReadStore,
  type RowOrigin,
  type StoredRow,
} from "../../runner/read-store.ts";
import {
  columnIndexes,
  keyValuesOf,
  type StoredTable,
  storedTable,
} from "../../runner/stored-table.ts";
import {
  type CheckpointStatements,
  checkpointStatements,
  raiseEpoch,
  readCheckpoint,
  readCheckpoints,
} from "./checkpoints.ts";
import { isDataErrorOfSqlite } from "./errors.ts";
import { createIndexSql, createSchema, type SqliteIndex } from "./schema.ts";
import { pageSql, readRow, rowSql } from "./table.ts";
import { SqliteWriter } from "./writer.ts";

const BUSY_TIMEOUT_MS = 5_000;
const PAGE_ROWS = 1_000;

/**
 * Changes and checkpoint stand in one transaction of one file, so `synchronous=NORMAL` suffices: a
 * power loss may take back the newest transactions, but always rows and checkpoint together, and
 * the log gives them again. The write-ahead log lets readers go on while a batch is written.
 */
const WRITER_PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -32768;
`;

export interface SqliteStoreParts {
  /** `<folder>/read/<projection>.g<n>.db` */
  readonly file: string;
  readonly projection: Pick<Projection, "name" | "version" | "tables">;
  readonly indexes?: readonly SqliteIndex[];
}

/** The SQLite adapter of the read-store port: one file per generation of a projection. */
export class SqliteReadStore implements ReadStore {
  readonly #parts: SqliteStoreParts;
  readonly #tables: ReadonlyMap<string, StoredTable>;
  #writing: Writing | null = null;
  #reading: DatabaseSync | null = null;

  constructor(parts: SqliteStoreParts) {
    this.#parts = parts;
    const tables = Object.entries(parts.projection.tables);
    this.#tables = new Map(tables.map(([name, table]) => [name, storedTable(name, table)]));
  }

  async create({ indexesLater = false } = {}): Promise<void> {
    this.#writing ??= this.#open(indexesLater);
  }

  /** One after the other, so that a thread hears in between what it is told. */
  async makeIndexes(): Promise<void> {
    const { database } = this.#writer();
    for (const index of columnIndexes(this.#parts.indexes ?? [])) {
      database.exec(createIndexSql(index));
      await setImmediate();
    }
  }

  async take(key: PartitionKey, logId: string): Promise<Checkpoint> {
    const { database } = this.#writer();
    return inTransaction(database, () => {
      raiseEpoch(database, key, logId);
      const checkpoint = readCheckpoint(database, key);
      if (checkpoint === null) throw new Error(`the checkpoint of ${key} has vanished`);
      return checkpoint;
    });
  }

  async apply(batch: Batch): Promise<ApplyOutcome> {
    const { database, writer, checkpoints } = this.#writer();
    return inTransaction(database, () => applyBatch(batch, { writer, checkpoints }));
  }

  async *rows(
    table: string,
    from?: readonly Value[],
    atOnce = PAGE_ROWS,
  ): AsyncIterable<StoredRow> {
    const declared = this.#declared(table);
    const database = this.#reader();
    let after = from;
    for (;;) {
      const page = readPage(database, declared, { after, atOnce });
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < atOnce) return;
      after = declared.keyColumns.map((column) => last.row[column] as Value);
    }
  }

  async row(table: string, key: readonly Value[]): Promise<RowOrigin | null> {
    const declared = this.#declared(table);
    const statement = this.#reader().prepare(rowSql(declared));
    const stored = statement.get(...keyValuesOf(declared, key));
    if (stored === undefined) return null;
    return { ...storedRow(declared, stored), first: Number(stored._firstPosition) };
  }

  async checkpoints(): Promise<ReadonlyMap<PartitionKey, Checkpoint>> {
    const database = this.#reader();
    database.exec("BEGIN");
    try {
      return readCheckpoints(database);
    } finally {
      database.exec("COMMIT");
    }
  }

  /** The main file goes last: while it is there, a crash leaves something to drop again. */
  async drop(): Promise<void> {
    await this.close();
    const { file } = this.#parts;
    for (const suffix of ["-wal", "-shm", ""]) rmSync(`${file}${suffix}`, { force: true });
  }

  async close(): Promise<void> {
    this.#reading?.close();
    this.#writing?.database.close();
    this.#reading = null;
    this.#writing = null;
  }

  #open(indexesLater = false): Writing {
    mkdirSync(dirname(this.#parts.file), { recursive: true });
    const database = new DatabaseSync(this.#parts.file, { timeout: BUSY_TIMEOUT_MS });
    try {
      database.exec(WRITER_PRAGMAS);
      const tables = [...this.#tables.values()];
      const { projection, indexes = [] } = this.#parts;
      const now = indexes.filter((index) => !(indexesLater && "columns" in index));
      createSchema({ database, projection, tables, indexes: now });
      return {
        database,
        writer: new SqliteWriter(database, tables),
        checkpoints: checkpointStatements(database),
      };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #writer(): Writing {
    this.#writing ??= this.#open();
    return this.#writing;
  }

  #declared(table: string): StoredTable {
    const declared = this.#tables.get(table);
    if (declared === undefined) throw new RangeError(`no table ${table}`);
    return declared;
  }

  #reader(): DatabaseSync {
    if (!existsSync(this.#parts.file)) throw new RangeError(`no file ${this.#parts.file}`);
    this.#reading ??= new DatabaseSync(this.#parts.file, {
      readOnly: true,
      timeout: BUSY_TIMEOUT_MS,
    });
    return this.#reading;
  }
}

interface Writing {
  readonly database: DatabaseSync;
  readonly writer: SqliteWriter;
  readonly checkpoints: CheckpointStatements;
}

function applyBatch(
  batch: Batch,
  { writer, checkpoints }: Pick<Writing, "writer" | "checkpoints">,
): ApplyOutcome {
  const stored = checkpoints.position(batch.partition);
  if (stored === null) throw new Error(`${batch.partition} was never taken`);
  if (batch.epoch < stored.epoch) return "fenced";
  if (batch.expected !== stored.next) return "behind";
  writer.write(batch.changes, stored.id);
  for (const stream of batch.released) checkpoints.release(batch.partition, stream);
  for (const parked of batch.parked) checkpoints.park(batch.partition, parked);
  for (const [source, next] of batch.causes) checkpoints.cause(batch.partition, source, next);
  checkpoints.move(stored.id, batch);
  return "applied";
}

/** Runs `work` in one write transaction; whatever it throws undoes all of it. */
function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    if (!isDataErrorOfSqlite(error)) throw error;
    throw new DataError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function readPage(
  database: DatabaseSync,
  table: StoredTable,
  { after, atOnce }: { readonly after: readonly Value[] | undefined; readonly atOnce: number },
): StoredRow[] {
  const statement = database.prepare(pageSql(table, after !== undefined));
  const bound = after === undefined ? [] : keyValuesOf(table, after);
  return statement.all(...bound, atOnce).map((stored) => storedRow(table, stored));
}

function storedRow(table: StoredTable, stored: Record<string, SQLOutputValue>): StoredRow {
  return {
    row: readRow(table, stored),
    partition: String(stored._partitionKey) as PartitionKey,
    position: Number(stored._position),
  };
}
