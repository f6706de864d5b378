import { z } from "zod";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { timeField } from "../../platform/fields/fields.ts";
import { parseConsistencyToken } from "../../platform/http/consistency-token.ts";
import {
  type LogReader,
  type PartitionKey,
  type Positions,
  parsePartitionKey,
  partitionKey,
} from "../../platform/log/log.ts";

/**
 * What `?asOf=` names: a time; the position of an event, `<topic>/<partition>/<position>`, for the
 * moment after it was written; or the consistency token of an answer, for the moment after that.
 */
export interface Moment {
  /** By the times at which records were written, epoch ms. */
  readonly timeMs: number;
  /** Where partitions ended, of those that the request names. */
  readonly ends: Positions;
}

export const asOfParameter = {
  asOf: z
    .string()
    .max(8 * 1024)
    .optional()
    .meta({
      description:
        "Answer as of then: a time (ISO-8601 or epoch ms), an event's " +
        "`<topic>/<partition>/<position>`, or an answer's consistency token",
      example: "2026-01-31T12:00:00Z",
    }),
};

const POSITION = /^([a-z][a-z0-9.-]{0,98})\/(0|[1-9]\d{0,4})\/(0|[1-9]\d{0,15})$/;
const EPOCH_MS = /^\d{1,15}$/;
const ONE_RECORD = { maxRecords: 1, maxBytes: 1 };

/** Throws `INVALID_REQUEST` for what is no moment, or one that is not there yet. */
export async function momentOf(text: string, log: LogReader, nowMs: number): Promise<Moment> {
  const timeMs = timeOf(text);
  if (timeMs === null) return momentAfter(await endsOf(text, log), log);
  if (timeMs <= nowMs) return { timeMs, ends: new Map() };
  throw invalid(`lies ahead: it is ${new Date(nowMs).toISOString()} now`);
}

function timeOf(text: string): number | null {
  const parsed = timeField().safeParse(EPOCH_MS.test(text) ? Number(text) : text);
  return parsed.success ? parsed.data : null;
}

async function endsOf(text: string, log: LogReader): Promise<Positions> {
  const [, topic, partition, position] = POSITION.exec(text) ?? [];
  if (topic !== undefined) {
    const key = partitionKey({ topic, partition: Number(partition) });
    return new Map([[key, Number(position) + 1]]);
  }
  try {
    return parseConsistencyToken(text, await log.logId()).positions;
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "INVALID_TOKEN") throw error;
    throw invalid(
      "is no time (2026-01-31T12:00:00Z or epoch ms), no position " +
        "(<topic>/<partition>/<position>) and no consistency token",
    );
  }
}

/** After the newest of the records before these ends. */
async function momentAfter(ends: Positions, log: LogReader): Promise<Moment> {
  const times = [...ends].map(([key, end]) => (end === 0 ? 0 : writtenAtMs(log, key, end - 1)));
  return { ends, timeMs: Math.max(0, ...(await Promise.all(times))) };
}

async function writtenAtMs(log: LogReader, key: PartitionKey, position: number): Promise<number> {
  const partition = parsePartitionKey(key);
  const count = (await log.topics()).get(partition.topic) ?? 0;
  if (partition.partition >= count) throw invalid(`names ${key}, which the log does not have`);
  const [record] = await log.read(partition, position, ONE_RECORD);
  if (record !== undefined) return record.timestampMs;
  throw invalid(`names position ${position} of ${key}, which is not there yet`);
}

function invalid(detail: string): PlatformError {
  return new PlatformError("INVALID_REQUEST", `asOf ${detail}`, {
    errors: [{ pointer: "/query/asOf", detail }],
  });
}
