import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { EventReader } from "../platform/codec/codec.ts";
import type { LogReader } from "../platform/log/log.ts";
import { registeredProjection } from "../projections/registry.ts";
import type { Projection, Tables } from "../projections/runner/projection.ts";
import type { PositionedChange, ReadStore } from "../projections/runner/read-store.ts";
import { run } from "../projections/runner/runner.ts";
import { keyValues, storedTable } from "../projections/runner/stored-table.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import {
  createTableSql,
  deleteSql,
  pushValues,
  upsertSql,
} from "../projections/stores/sqlite/table.ts";
import { withHistory } from "../test/history/read-history.ts";

const ROWS_OF_A_TRANSACTION = 5_000;

/** Where the time of a build goes, in milliseconds. */
type Spent = Record<"read" | "decode" | "project" | "write", number>;

export interface RebuiltAside {
  readonly events: number;
  /** Written, each as often as it was. */
  readonly rows: number;
  readonly seconds: number;
  readonly spent: Spent;
  /** Rows a second where the same are written by the same driver, and nothing else is done. */
  readonly rawRowsPerSecond: number;
}

/** Builds a read model in SQLite from the log of a data folder, alone in this thread. */
export async function rebuildAside(folder: string, name: string): Promise<RebuiltAside> {
  const { projection, indexes } = registeredProjection(name);
  const spent: Spent = { read: 0, decode: 0, project: 0, write: 0 };
  const changes: PositionedChange[] = [];
  const store = new SqliteReadStore({
    file: join(folder, `aside-${name}.db`),
    projection,
    indexes,
  });
  const caughtUp = new AbortController();
  let events = 0;
  const observer = {
    onApplied: (applied: { readonly events: number }) => {
      events += applied.events;
    },
    onCaughtUp: () => caughtUp.abort(),
  };
  const startedMs = performance.now();
  await withHistory(folder, async ({ log, codec }) => {
    const end = await run({
      projection: timedProjection(projection, spent),
      store: timedStore(store, spent, changes),
      log: timedLog(log, spent),
      codec: timedCodec(codec, spent),
      ...{ observer, signal: caughtUp.signal },
    });
    if (end.reason !== "stopped") throw new Error(`${name}: ${end.reason}: ${end.detail}`);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  await store.drop();
  const rawRowsPerSecond = rawSpeed(join(folder, `raw-${name}.db`), projection.tables, changes);
  return { events, rows: changes.length, seconds, spent, rawRowsPerSecond };
}

function timedLog(log: LogReader, spent: Spent): LogReader {
  return {
    topics: () => log.topics(),
    logId: () => log.logId(),
    ends: (topic) => log.ends(topic),
    endsAt: (...what) => log.endsAt(...what),
    onAppended: (listener) => log.onAppended(listener),
    close: () => log.close(),
    read: (...what) => timed(spent, "read", () => log.read(...what)),
  };
}

function timedCodec(codec: EventReader, spent: Spent): EventReader {
  return {
    schemaIds: () => codec.schemaIds(),
    prepare: (records) => timed(spent, "decode", () => codec.prepare(records)),
    decode: (...what) => timedAtOnce(spent, "decode", () => codec.decode(...what)),
  };
}

function timedProjection(projection: Projection, spent: Spent): Projection {
  const project = (recorded: Parameters<Projection["project"]>[0]) => {
    return timedAtOnce(spent, "project", () => projection.project(recorded));
  };
  return { ...projection, project };
}

function timedStore(store: ReadStore, spent: Spent, changes: PositionedChange[]): ReadStore {
  return {
    create: () => store.create(),
    take: (...what) => store.take(...what),
    rows: (...what) => store.rows(...what),
    row: (...what) => store.row(...what),
    checkpoints: () => store.checkpoints(),
    drop: () => store.drop(),
    close: () => store.close(),
    apply: (batch) => {
      for (const change of batch.changes) changes.push(change);
      return timed(spent, "write", () => store.apply(batch));
    },
  };
}

/** What is asked of the embedded log and of SQLite is done in this thread, without a wait. */
async function timed<T>(spent: Spent, what: keyof Spent, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  spent[what] += performance.now() - startedMs;
  return result;
}

function timedAtOnce<T>(spent: Spent, what: keyof Spent, work: () => T): T {
  const startedMs = performance.now();
  const result = work();
  spent[what] += performance.now() - startedMs;
  return result;
}

/** One row a statement, without checkpoints and without indexes beside the key. */
function rawSpeed(file: string, tables: Tables, changes: readonly PositionedChange[]): number {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  const statements = new Map(
    Object.entries(tables).map(([name, table]) => {
      const stored = storedTable(name, table);
      database.exec(createTableSql(stored));
      const upsert = database.prepare(upsertSql(stored, 1));
      return [name, { stored, upsert, remove: database.prepare(deleteSql(stored)) }] as const;
    }),
  );
  const startedMs = performance.now();
  database.exec("BEGIN");
  for (const [at, { table, row, position, first = position, deleted }] of changes.entries()) {
    if (at % ROWS_OF_A_TRANSACTION === 0) database.exec("COMMIT; BEGIN");
    const statement = statements.get(table);
    if (statement === undefined) throw new RangeError(`no table ${table}`);
    const { stored, upsert, remove } = statement;
    if (deleted) {
      remove.run(...keyValues(stored, row));
      continue;
    }
    const values: SQLInputValue[] = [];
    pushValues(values, stored, row);
    upsert.run(...values, 1, position, ...(stored.keepsFirst ? [first] : []));
  }
  database.exec("COMMIT");
  const seconds = (performance.now() - startedMs) / 1_000;
  database.close();
  return changes.length / seconds;
}
