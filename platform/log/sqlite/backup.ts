import { randomUUID } from "node:crypto";
import { closeSync, copyFileSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openCodec } from "../../codec/codec.ts";
import { openSqliteRegistry } from "../../codec/sqlite-registry.ts";
import { PlatformError } from "../../errors/catalogue.ts";
import type { NewRecord } from "../log.ts";
import { encodeHeaders } from "./headers.ts";
import { readLogId, updateLogId } from "./meta.ts";
import { openSqliteLogReader } from "./sqlite-log-reader.ts";
import {
  INSERT_RECORD,
  logFile,
  openForReading,
  openForWriting,
  POSITIONS_PER_PARTITION,
  rollBack,
} from "./tables.ts";

/** Where a log is made ready before it stands in its folder as a whole. */
const STAGE = "incoming";

/**
 * Copies the log of a folder, schemas included, into one file: a snapshot of one moment, beside
 * whoever writes. The file has its name only when it is whole and on the disk.
 */
export async function backUpLog(folder: string, file: string): Promise<{ readonly logId: string }> {
  const reader = openSqliteLogReader({ folder });
  const logId = await reader.logId();
  await reader.close();
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const database = openForReading(folder);
  try {
    database.prepare("VACUUM INTO ?").run(part);
  } finally {
    database.close();
  }
  putInPlace(part, file);
  return { logId };
}

export interface RestoreLog {
  readonly file: string;
  /** An empty folder that nobody else uses. */
  readonly folder: string;
  /** The context of each topic, as for writing the log. */
  readonly topics: readonly { readonly topic: string; readonly context: string }[];
}

/**
 * Puts the log of a backup into a folder as a log of its own: a new `LogCreated` at the end of
 * every partition gives it a new id. What was written after the backup is in nobody's positions
 * then: checkpoints and tokens of the old log are refused by its id.
 */
export async function restoreLog(options: RestoreLog): Promise<{ readonly logId: string }> {
  const { folder, file } = options;
  return inStage(folder, async (stage) => {
    copyFileSync(file, logFile(stage));
    assertBackup(stage, file);
    return { logId: await renewLogId(stage, options.topics) };
  });
}

/** What `make` leaves as the log of the folder it is given becomes that of `folder`, or nothing. */
export async function inStage<T>(folder: string, make: (stage: string) => Promise<T>): Promise<T> {
  const stage = join(folder, STAGE);
  mkdirSync(stage);
  const made = await make(stage);
  // What the last connection has left in the write-ahead log goes into the file.
  const database = openForWriting(stage);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  putInPlace(logFile(stage), logFile(folder));
  rmSync(stage, { recursive: true });
  return made;
}

function assertBackup(stage: string, file: string): void {
  const database = openForReading(stage);
  try {
    const found = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (found !== "ok") throw new Error(String(found));
    if (readLogId(database) === null) throw new Error("it holds no log");
  } catch (error) {
    const detail = `${file} is no backup of a log: ${(error as Error).message}`;
    throw new PlatformError("LOG_UNAVAILABLE", detail);
  } finally {
    database.close();
  }
}

async function renewLogId(folder: string, known: RestoreLog["topics"]): Promise<string> {
  const logId = randomUUID();
  const registry = openSqliteRegistry({ folder });
  const database = openForWriting(folder);
  try {
    const partitions = partitionsOf(database);
    const names = new Set(partitions.map(({ topic }) => topic));
    const topics = known.filter(({ topic }) => names.has(topic));
    const codec = await openCodec({ registry, topics });
    const renewed = partitions.map((partition) => {
      return { partition, record: codec.encodeLogCreated(partition.topic, logId) };
    });
    writeAll(database, logId, renewed);
    return logId;
  } finally {
    database.close();
    await registry.close();
  }
}

interface PartitionRow {
  readonly partitionIndex: number;
  readonly topic: string;
  readonly next: number;
  readonly lastTimestampMs: number;
}

function partitionsOf(database: DatabaseSync): readonly PartitionRow[] {
  return database
    .prepare(
      `SELECT partition_index AS partitionIndex, topic, next, last_timestamp_ms AS lastTimestampMs
       FROM partitions ORDER BY partition_index`,
    )
    .all() as unknown as PartitionRow[];
}

interface Renewed {
  readonly partition: PartitionRow;
  readonly record: NewRecord;
}

function writeAll(database: DatabaseSync, logId: string, renewed: readonly Renewed[]): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    updateLogId(database, logId);
    for (const { partition, record } of renewed) appendTo(database, partition, record);
    database.exec("COMMIT");
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function appendTo(database: DatabaseSync, partition: PartitionRow, record: NewRecord): void {
  const { partitionIndex, next, lastTimestampMs } = partition;
  const timestampMs = Math.max(lastTimestampMs, Date.now());
  const id = partitionIndex * POSITIONS_PER_PARTITION + next;
  const headers = encodeHeaders(record.headers);
  database.prepare(INSERT_RECORD).run(id, timestampMs, record.key, headers, record.value);
  database
    .prepare("UPDATE partitions SET next = ?, last_timestamp_ms = ? WHERE partition_index = ?")
    .run(next + 1, timestampMs, partitionIndex);
}

/** Renames a file that is whole; refuses where there is one of that name. */
function putInPlace(made: string, file: string): void {
  syncToDisk(made);
  linkSync(made, file);
  rmSync(made);
  syncToDisk(dirname(resolve(file)));
}

function syncToDisk(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
