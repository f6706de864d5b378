import { realpathSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * The tables of `log.db`. A record's id is its partition's index · 2^40 + its position, so that
 * one primary key serves order, lookup and the refusal of a position written twice.
 */
export const LOG_TABLES = `
  CREATE TABLE IF NOT EXISTS log_meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS partitions (
    partition_index INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    last_timestamp_ms INTEGER NOT NULL,
    UNIQUE (topic, partition)
  );
  CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY,
    timestamp_ms INTEGER NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    value BLOB NOT NULL
  );
`;

export const POSITIONS_PER_PARTITION = 2 ** 40;
/** 2^13 · 2^40 is the last id a JavaScript number holds exactly. */
export const PARTITIONS_PER_LOG = 2 ** 13;
/** The epoch of a partition that nobody has claimed. */
export const UNCLAIMED_EPOCH = -1;

/** How long a connection waits for another process that holds the file's write lock. */
export const BUSY_TIMEOUT_MILLISECONDS = 5_000;
/** The write-ahead log is copied into the file when it is this long (16 MiB with pages of 4 KiB). */
const CHECKPOINT_PAGES = 4_096;
/** The write-ahead log's file is cut to this length after it was copied. */
const WAL_FILE_LIMIT_BYTES = 64 * 1024 * 1024;

export function logFile(folder: string): string {
  return join(folder, "log.db");
}

/** The channel on which the writer of this folder tells the threads of its process of appends. */
export function appendedChannel(folder: string): string {
  return `cipherhorizon-log:${realpathSync(folder)}`;
}

export const INSERT_RECORD =
  "INSERT INTO records (id, timestamp_ms, key, headers, value) VALUES (?, ?, ?, ?, ?)";

/** A connection that makes every commit durable before it returns. */
export function openForWriting(folder: string): DatabaseSync {
  const database = new DatabaseSync(logFile(folder), { timeout: BUSY_TIMEOUT_MILLISECONDS });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${WAL_FILE_LIMIT_BYTES};
  `);
  return database;
}

export function openForReading(folder: string): DatabaseSync {
  const options = { readOnly: true, timeout: BUSY_TIMEOUT_MILLISECONDS };
  return new DatabaseSync(logFile(folder), options);
}

/** Undoes what a failed transaction left; SQLite has undone it already after some errors. */
export function rollBack(database: DatabaseSync): void {
  if (database.isTransaction) database.exec("ROLLBACK");
}
