import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PartitionRef } from "../log.ts";
import { INSERT_RECORD, POSITIONS_PER_PARTITION, rollBack, UNCLAIMED_EPOCH } from "./tables.ts";
import type { PackedRecords, WriteAnswer, WriteRequest } from "./writer-messages.ts";

/** A partition's row as it stands inside the transaction. */
interface PartitionRow {
  readonly partitionIndex: number;
  next: number;
  epoch: number;
  lastTimestampMs: number;
  changed: boolean;
}

/**
 * Settles many requests in one transaction, so that they share one fsync. Epoch and expected end
 * are checked inside it, each request against what those before it did; a refused one writes
 * nothing and harms nobody.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #selectPartition: StatementSync;
  readonly #updatePartition: StatementSync;
  readonly #insertRecord: StatementSync;
  #rows = new Map<string, PartitionRow>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#selectPartition = database.prepare(
      `SELECT partition_index AS partitionIndex, next, epoch, last_timestamp_ms AS lastTimestampMs
       FROM partitions WHERE topic = ? AND partition = ?`,
    );
    this.#updatePartition = database.prepare(
      "UPDATE partitions SET next = ?, epoch = ?, last_timestamp_ms = ? WHERE partition_index = ?",
    );
    this.#insertRecord = database.prepare(INSERT_RECORD);
  }

  /** One answer per request, all durable; throws when the transaction failed as a whole. */
  settle(requests: readonly WriteRequest[], nowMs: number): WriteAnswer[] {
    this.#rows = new Map();
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const answers = requests.map((request) => this.#settleOne(request, nowMs));
      for (const row of this.#rows.values()) if (row.changed) this.#store(row);
      this.#database.exec("COMMIT");
      return answers;
    } catch (error) {
      rollBack(this.#database);
      throw error;
    }
  }

  #settleOne(request: WriteRequest, nowMs: number): WriteAnswer {
    const row = this.#row(request.kind === "claim" ? request.partition : request.reign);
    if (request.kind === "claim") {
      row.epoch = row.next;
      this.#write(row, request.records, nowMs);
      return { outcome: "claimed", epoch: row.epoch };
    }
    const { epoch } = request.reign;
    if (epoch === UNCLAIMED_EPOCH || epoch !== row.epoch) return { outcome: "fenced" };
    if (row.next !== request.expectedEnd) return { outcome: "misplaced", end: row.next };
    const firstPosition = row.next;
    this.#write(row, request.records, nowMs);
    return { outcome: "appended", firstPosition, timestampMs: row.lastTimestampMs };
  }

  #row({ topic, partition }: PartitionRef): PartitionRow {
    const key = `${topic}/${partition}`;
    const known = this.#rows.get(key);
    if (known) return known;
    const row = this.#selectPartition.get(topic, partition);
    if (!row) throw new Error(`the log has no partition ${key}`);
    const read = { ...row, changed: false } as unknown as PartitionRow;
    this.#rows.set(key, read);
    return read;
  }

  #store(row: PartitionRow): void {
    this.#updatePartition.run(row.next, row.epoch, row.lastTimestampMs, row.partitionIndex);
  }

  #write(row: PartitionRow, { keys, headers, values, ends }: PackedRecords, nowMs: number): void {
    if (keys.length === 0) return;
    if (row.next + keys.length > POSITIONS_PER_PARTITION) throw new RangeError("partition is full");
    row.lastTimestampMs = Math.max(row.lastTimestampMs, nowMs);
    const firstId = row.partitionIndex * POSITIONS_PER_PARTITION + row.next;
    let start = 0;
    for (const [index, key] of keys.entries()) {
      const end = ends[index] as number;
      const value = values.subarray(start, end);
      const header = headers[index] as string;
      this.#insertRecord.run(firstId + index, row.lastTimestampMs, key, header, value);
      start = end;
    }
    row.next += keys.length;
    row.changed = true;
  }
}
