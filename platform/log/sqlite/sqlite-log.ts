import { mkdirSync } from "node:fs";
import { PlatformError } from "../../errors/catalogue.ts";
import { tracing } from "../../telemetry/tracing.ts";
import type { AppendResult, Log, NewRecord, PartitionRef, Reign } from "../log.ts";
import { type CreateTopics, createTopics } from "./create-topics.ts";
import { SqliteLogReader } from "./sqlite-log-reader.ts";
import { UNCLAIMED_EPOCH } from "./tables.ts";
import { packRecords, type SettledAnswer, type WriteRequest } from "./writer-messages.ts";
import { WriterThread } from "./writer-thread.ts";

/** The longest value of a record. */
const VALUE_LIMIT_BYTES = 16 * 1024 * 1024;
/** The most records of one append. */
const RECORDS_PER_APPEND = 100_000;

type RequestWithoutRecords =
  | Omit<Extract<WriteRequest, { kind: "claim" }>, "records">
  | Omit<Extract<WriteRequest, { kind: "append" }>, "records">;

export interface OpenSqliteLog extends CreateTopics {
  /** The file's limit in pages of 4 KiB; without it the disk is the limit. */
  readonly maxPageCount?: number;
}

/** Opens the log of a folder for the command side; creates folder, file and topics if missing. */
export async function openSqliteLog(options: OpenSqliteLog): Promise<SqliteLog> {
  const { folder, maxPageCount = null } = options;
  mkdirSync(folder, { recursive: true });
  createTopics(options);
  const writer = await WriterThread.start({ folder, maxPageCount });
  try {
    return new SqliteLog(folder, writer);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

export class SqliteLog extends SqliteLogReader implements Log {
  readonly #writer: WriterThread;

  constructor(folder: string, writer: WriterThread) {
    super(folder);
    this.#writer = writer;
  }

  async claim(partition: PartitionRef, claim: NewRecord): Promise<Reign> {
    const { topic, partition: number } = partition;
    this.assertPartition(partition);
    const ref = { topic, partition: number };
    const answer = await this.#write({ kind: "claim", partition: ref }, [claim]);
    if (answer.outcome === "claimed") return { ...ref, epoch: answer.epoch };
    const detail = `the disk of the event log is full; ${topic}/${number} cannot be claimed`;
    throw new PlatformError("DISK_FULL", detail);
  }

  async append(
    reign: Reign,
    expectedEnd: number,
    records: readonly NewRecord[],
  ): Promise<AppendResult> {
    const { topic, partition, epoch } = reign;
    this.assertPartition(reign);
    const reason = beyondLimits(records);
    if (reason !== null) return { outcome: "rejected", reason };
    const ref = { topic, partition, epoch };
    const traceparent = tracing()?.active() ?? null;
    const request = { kind: "append", traceparent, reign: ref, expectedEnd } as const;
    const answer = await this.#write(request, records);
    if (answer.outcome === "claimed") throw new TypeError("an append was answered as a claim");
    return answer;
  }

  async stillReigns(reign: Reign): Promise<boolean> {
    return reign.epoch !== UNCLAIMED_EPOCH && this.epochOf(reign) === reign.epoch;
  }

  /** A new limit of the file in pages of 4 KiB, for the appends from now on. */
  limitPages(maxPageCount: number): void {
    this.#writer.limitPages(maxPageCount);
  }

  /** The writer closes last, so that it can copy the write-ahead log into the file. */
  override async close(): Promise<void> {
    await super.close();
    await this.#writer.close();
  }

  async #write(
    request: RequestWithoutRecords,
    records: readonly NewRecord[],
  ): Promise<SettledAnswer> {
    return this.#writer.write({ ...request, records: packRecords(records) });
  }
}

function beyondLimits(records: readonly NewRecord[]): string | null {
  if (records.length > RECORDS_PER_APPEND) {
    return `${records.length} events at once; an append takes ${RECORDS_PER_APPEND}`;
  }
  const large = records.find(({ value }) => value.length > VALUE_LIMIT_BYTES);
  if (!large) return null;
  return `an event of ${large.value.length} bytes; the log takes ${VALUE_LIMIT_BYTES}`;
}
