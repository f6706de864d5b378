import { z } from "zod";
import type { Positions } from "../../platform/log/log.ts";
import type { LogEnds } from "./log-ends.ts";
import type { NextTimes } from "./next-times.ts";

/** What every answer says of how new it is. */
export const freshnessFields = {
  position: z.record(z.string(), z.int()).describe("The next position of each partition"),
  lagSeconds: z.number().describe("Age of the oldest record that is not in the answer yet"),
};

export interface FreshnessParts {
  readonly ends: LogEnds;
  readonly nextTimes: NextTimes;
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

/** Age of the oldest record not applied yet; 0 when there is none. */
export async function lagSecondsAt(
  positions: Positions,
  { ends, nextTimes, clock }: FreshnessParts,
): Promise<number> {
  const nowMs = clock();
  let oldestMs = nowMs;
  for (const [key, position] of positions) {
    if ((await ends.gapOf(key, position)) === 0) continue;
    oldestMs = Math.min(oldestMs, (await nextTimes.timeOf(key, position)) ?? nowMs);
  }
  return (nowMs - oldestMs) / 1000;
}
