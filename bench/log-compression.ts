import {
  type Compression,
  decodeRecordBatches,
  encodeRecordBatch,
  PLAIN_PRODUCER,
} from "../platform/log/kafka/record-batch.ts";
import type { LogRecord } from "../platform/log/log.ts";
import type { LogPlace } from "../platform/log/places.ts";
import { recordsOf, withHistory } from "../test/history/read-history.ts";
import type { Cell } from "./report.ts";

const TOPICS = ["market.events", "portfolio.events"];
const RECORDS = 5_000;
const BATCHES = [1, 4, 16, 64];
const COMPRESSIONS = ["none", "zstd"] as const;

export const COMPRESSION_COLUMNS = [
  "records of the log in batches",
  ...["B plain", "B zstd", "µs write", "µs zstd", "µs read", "µs zstd "],
];

/** Bytes of a record in Kafka's batches of so many, and its share of writing and reading them. */
export async function compressionRows(
  place: LogPlace,
): Promise<readonly (readonly [string, ...Cell[]])[]> {
  return withHistory(place, async ({ log }) => {
    const rows: [string, ...Cell[]][] = [];
    for (const topic of TOPICS) {
      const all = (await Array.fromAsync(recordsOf(log, topic))).map(({ record }) => record);
      const records = all.slice(0, RECORDS);
      for (const size of BATCHES) rows.push([`${topic} ${size}`, ...cellsOf(records, size)]);
    }
    return rows;
  });
}

function cellsOf(records: readonly LogRecord[], size: number): number[] {
  const [plain, zstd] = COMPRESSIONS.map((compression) => measured(records, size, compression));
  return ["bytes", "writeMicros", "readMicros"].flatMap((figure) => {
    const of = (one: Measured | undefined) => one?.[figure as keyof Measured] ?? Number.NaN;
    return [of(plain), of(zstd)];
  });
}

/** Of one record. */
interface Measured {
  readonly bytes: number;
  readonly writeMicros: number;
  readonly readMicros: number;
}

function measured(records: readonly LogRecord[], size: number, compression: Compression): Measured {
  const batches = Array.from({ length: Math.ceil(records.length / size) }, (_, i) => {
    return records.slice(i * size, (i + 1) * size);
  });
  const parts = { ...PLAIN_PRODUCER, timestampMs: 0, compression };
  const written = timed(() => batches.map((one) => encodeRecordBatch({ ...parts, records: one })));
  const read = timed(() => written.result.map((batch) => decodeRecordBatches(batch, 0)));
  const bytes = written.result.reduce((sum, { length }) => sum + length, 0);
  const count = records.length;
  return {
    bytes: bytes / count,
    writeMicros: written.micros / count,
    readMicros: read.micros / count,
  };
}

function timed<T>(work: () => T): { readonly result: T; readonly micros: number } {
  const before = process.threadCpuUsage();
  const result = work();
  const { user, system } = process.threadCpuUsage(before);
  return { result, micros: user + system };
}
