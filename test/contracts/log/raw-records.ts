import type {
  Headers,
  LogReader,
  LogRecord,
  NewRecord,
  PartitionRef,
} from "../../../platform/log/log.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A record of plain text: the log does not look into values. */
export function rawRecord(value: string, key = "key", headers: Headers = {}): NewRecord {
  return { key, value: utf8.encode(value), headers };
}

export function rawRecords(...values: string[]): NewRecord[] {
  return values.map((value) => rawRecord(value));
}

export function rawClaim(owner: string): NewRecord {
  return rawRecord(owner, "~owner");
}

export function rawLogCreated(_topic: string, logId: string): NewRecord {
  return rawRecord(logId, "~log");
}

export function textOf(record: LogRecord | undefined): string {
  return record ? text.decode(record.value) : "no such record";
}

/** Every record of a partition from a position on, read in small pieces. */
export async function readAll(
  log: LogReader,
  partition: PartitionRef,
  from = 0,
): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for (;;) {
    const limits = { maxRecords: 1_000, maxBytes: 1024 * 1024 };
    const records = await log.read(partition, from + all.length, limits);
    if (records.length === 0) return all;
    all.push(...records);
  }
}

/** Fails where a position is missing or comes twice. */
export function assertGapless(records: readonly LogRecord[], from = 0): void {
  for (const [index, { position }] of records.entries()) {
    if (position !== from + index) throw new Error(`position ${position} at ${from + index}`);
  }
}
