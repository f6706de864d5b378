import { z } from "zod";
import { type LogReader, type Positions, parsePartitionKey } from "../../platform/log/log.ts";
import type { LogEnds } from "./log-ends.ts";

/** What every answer says of how new it is. */
export const freshnessFields = {
  position: z.record(z.string(), z.int()).describe("The next position of each partition"),
  lagSeconds: z.number().describe("Age of the oldest record that is not in the answer yet"),
};

export interface FreshnessParts {
  readonly log: LogReader;
  readonly ends: LogEnds;
  readonly clock: () => number;
}

/** Of an answer that knows the log up to `positions`. */
export async function freshnessOf(
  positions: Positions,
  parts: FreshnessParts,
): Promise<{ readonly position: Record<string, number>; readonly lagSeconds: number }> {
  const lagSeconds = await lagSecondsAt(positions, parts);
  return { position: Object.fromEntries(positions), lagSeconds };
}

const ONE_RECORD = { maxRecords: 1, maxBytes: 1 };

/** Age of the oldest record not applied yet; 0 when there is none. */
async function lagSecondsAt(
  positions: Positions,
  { log, ends, clock }: FreshnessParts,
): Promise<number> {
  const nowMs = clock();
  let oldestMs = nowMs;
  for (const [key, position] of positions) {
    if ((await ends.gapOf(key, position)) === 0) continue;
    const [record] = await log.read(parsePartitionKey(key), position, ONE_RECORD);
    if (record) oldestMs = Math.min(oldestMs, record.timestampMs);
  }
  return (nowMs - oldestMs) / 1000;
}
