import { existsSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { PlatformError } from "../../errors/catalogue.ts";
import {
  type LogReader,
  type LogRecord,
  type Moved,
  type PartitionRef,
  partitionKey,
  type ReadLimits,
} from "../log.ts";
import { AppendWatch } from "./append-watch.ts";
import { decodeHeaders } from "./headers.ts";
import { readLogId } from "./meta.ts";
import { logFile, openForReading, POSITIONS_PER_PARTITION } from "./tables.ts";

/** A row of `records` as an array: id, timestamp, key, headers, value. */
type RecordRow = readonly [number, number, string, string, Uint8Array];

/** Reads the log of a folder without ever writing; any thread and any process may have one. */
export function openSqliteLogReader({ folder }: { readonly folder: string }): SqliteLogReader {
  if (!existsSync(logFile(folder))) {
    throw new PlatformError("LOG_UNAVAILABLE", `there is no log in ${folder} (no log.db)`);
  }
  return new SqliteLogReader(folder);
}

export class SqliteLogReader implements LogReader {
  protected readonly folder: string;
  readonly #database: DatabaseSync;
  readonly #selectRecords: StatementSync;
  readonly #selectTime: StatementSync;
  readonly #selectEnds: StatementSync;
  readonly #selectEpoch: StatementSync;
  readonly #watch: AppendWatch;
  #indexes = new Map<string, number>();

  constructor(folder: string) {
    this.folder = folder;
    this.#database = openForReading(folder);
    try {
      this.#readLogId();
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#selectRecords = this.#database.prepare(
      `SELECT id, timestamp_ms, key, headers, value FROM records
       WHERE id >= ? AND id < ? ORDER BY id LIMIT ?`,
    );
    this.#selectRecords.setReturnArrays(true);
    this.#selectTime = this.#database.prepare("SELECT timestamp_ms FROM records WHERE id = ?");
    this.#selectEnds = this.#database.prepare(
      "SELECT next FROM partitions WHERE topic = ? ORDER BY partition",
    );
    this.#selectEpoch = this.#database.prepare(
      "SELECT epoch FROM partitions WHERE partition_index = ?",
    );
    this.#watch = new AppendWatch(folder, this.#database);
  }

  async topics(): Promise<ReadonlyMap<string, number>> {
    const rows = this.#database
      .prepare(
        `SELECT topic, count(*) AS partitions FROM partitions
         GROUP BY topic ORDER BY min(partition_index)`,
      )
      .all();
    return new Map(rows.map((row) => [row.topic as string, row.partitions as number]));
  }

  async logId(): Promise<string> {
    return this.#readLogId();
  }

  async read(partition: PartitionRef, from: number, limits: ReadLimits): Promise<LogRecord[]> {
    if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`no position: ${from}`);
    const firstId = this.#partitionIndex(partition) * POSITIONS_PER_PARTITION;
    const afterId = firstId + POSITIONS_PER_PARTITION;
    const rows = this.#selectRecords.iterate(firstId + from, afterId, limits.maxRecords);
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const row of rows) {
      const [id, timestampMs, key, headers, value] = row as unknown as RecordRow;
      bytes += key.length + headers.length + value.length;
      if (records.length > 0 && bytes > limits.maxBytes) break;
      const position = id - firstId;
      records.push({ position, timestampMs, key, headers: decodeHeaders(headers), value });
    }
    return records;
  }

  async ends(topic: string): Promise<readonly number[]> {
    const rows = this.#selectEnds.all(topic);
    if (rows.length === 0) throw new RangeError(`the log has no topic ${topic}`);
    return rows.map((row) => row.next as number);
  }

  async endsAt(topic: string, timestampMs: number): Promise<readonly number[]> {
    const ends = await this.ends(topic);
    return ends.map((end, partition) => this.#endAt({ topic, partition }, end, timestampMs));
  }

  onAppended(listener: (moved: Moved) => void): () => void {
    return this.#watch.subscribe(() => listener(null));
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    this.#watch.close();
    this.#database.close();
  }

  /** The position of the partition's newest claim, or -1. */
  protected epochOf(partition: PartitionRef): number {
    return this.#selectEpoch.get(this.#partitionIndex(partition))?.epoch as number;
  }

  /** Throws where the log has no such partition. */
  protected assertPartition(partition: PartitionRef): void {
    this.#partitionIndex(partition);
  }

  /** Times never fall within a partition, so that halving finds the place. */
  #endAt(partition: PartitionRef, end: number, timestampMs: number): number {
    const firstId = this.#partitionIndex(partition) * POSITIONS_PER_PARTITION;
    let [low, high] = [0, end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const time = this.#selectTime.get(firstId + middle)?.["timestamp_ms"] as number;
      if (time <= timestampMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #partitionIndex(partition: PartitionRef): number {
    const key = partitionKey(partition);
    const index = this.#indexes.get(key) ?? this.#loadIndexes().get(key);
    if (index === undefined) throw new RangeError(`the log has no partition ${key}`);
    return index;
  }

  #readLogId(): string {
    const logId = readLogId(this.#database);
    if (logId !== null) return logId;
    throw new PlatformError("LOG_UNAVAILABLE", `${logFile(this.folder)} holds no log yet`);
  }

  #loadIndexes(): Map<string, number> {
    const rows = this.#database
      .prepare("SELECT topic || '/' || partition AS key, partition_index FROM partitions")
      .all();
    const entries = rows.map((row) => [row.key as string, row.partition_index as number] as const);
    this.#indexes = new Map(entries);
    return this.#indexes;
  }
}
