import type { EventReader } from "../codec/codec.ts";
import type { LogReader, PartitionRef } from "./log.ts";
import { PartitionCheck, type PartitionReport } from "./verify/partition-check.ts";
import { SeenEvents } from "./verify/seen-events.ts";

/** What is read at once. */
const READ_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

export interface VerifyLog {
  readonly log: LogReader;
  readonly codec: EventReader;
  /** Told of the records checked so far, of how many, after each piece that was read. */
  readonly onProgress?: (checked: number, total: number) => void;
}

export interface LogReport {
  readonly logId: string;
  /** No partition has a problem. */
  readonly isSound: boolean;
  readonly records: number;
  readonly events: number;
  readonly claims: number;
  /** Events of an owner after its reign, which every reader skips. */
  readonly voidEvents: number;
  readonly problems: number;
  readonly partitions: readonly PartitionReport[];
}

/**
 * Reads every record up to the ends of now and checks what the platform promises of its log:
 * positions and sequences without holes, the log's identity, reigns, whole commands, unique event
 * ids, keys in their partitions, times that never fall, and that everything can be decoded.
 *
 * Memory is bounded however long the log is: one piece of records, and what was seen stands in a
 * temporary file.
 */
export async function verifyLog({ log, codec, onProgress }: VerifyLog): Promise<LogReport> {
  const logId = await log.logId();
  const spans = await listSpans(log);
  const total = spans.reduce((sum, { end }) => sum + end, 0);
  const partitions: PartitionReport[] = [];
  const seen = new SeenEvents();
  let checked = 0;
  try {
    for (const span of spans) {
      const check = new PartitionCheck({ ...span, logId, codec, seen });
      for await (const count of checkRecords(log, codec, check)) {
        checked += count;
        onProgress?.(checked, total);
      }
      partitions.push(check.report());
    }
  } finally {
    seen.close();
  }
  return summary(logId, partitions);
}

/** A partition and what of it is to be checked. */
interface Span {
  readonly partition: PartitionRef;
  readonly partitions: number;
  readonly end: number;
}

async function listSpans(log: LogReader): Promise<readonly Span[]> {
  const spans: Span[] = [];
  for (const [topic, partitions] of await log.topics()) {
    for (const [partition, end] of (await log.ends(topic)).entries()) {
      spans.push({ partition: { topic, partition }, partitions, end });
    }
  }
  return spans;
}

/** Yields how many records each piece had. */
async function* checkRecords(
  log: LogReader,
  codec: EventReader,
  check: PartitionCheck,
): AsyncGenerator<number> {
  while (check.next < check.end) {
    const records = await log.read(check.partition, check.next, READ_LIMITS);
    if (records.length === 0) return;
    await codec.prepare(records);
    const wanted = records.filter(({ position }) => position < check.end);
    for (const record of wanted) check.add(record);
    yield wanted.length;
    if (wanted.length < records.length) return;
  }
}

function summary(logId: string, partitions: readonly PartitionReport[]): LogReport {
  const sum = (field: "records" | "events" | "claims" | "voidEvents" | "problemCount") =>
    partitions.reduce((total, partition) => total + partition[field], 0);
  const problems = sum("problemCount");
  return {
    logId,
    isSound: problems === 0,
    records: sum("records"),
    events: sum("events"),
    claims: sum("claims"),
    voidEvents: sum("voidEvents"),
    problems,
    partitions,
  };
}
