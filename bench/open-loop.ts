import { setTimeout as sleep } from "node:timers/promises";

/** Calls under way beyond which further ones are left out: nobody answers any more. */
const CALLS_IN_FLIGHT = 1_000;

export interface Pace {
  readonly perSecond: number;
  /** Ends after so many calls … */
  readonly count: number;
  /** … or here. */
  readonly signal?: AbortSignal;
}

/**
 * Starts calls at a fixed rate, however long the answers take. Each is told when it was due, in
 * `performance.now()`: who counts from there hides no waiting. Gives how many were left out.
 */
export async function atFixedRate(
  { perSecond, count, signal }: Pace,
  call: (index: number, dueAtMs: number) => Promise<void>,
): Promise<number> {
  const startedMs = performance.now();
  const inFlight = new Set<Promise<void>>();
  let leftOut = 0;
  for (let index = 0; index < count && signal?.aborted !== true; index += 1) {
    const dueAtMs = startedMs + (index / perSecond) * 1_000;
    const waitMs = dueAtMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (inFlight.size >= CALLS_IN_FLIGHT) {
      leftOut += 1;
      continue;
    }
    const called = call(index, dueAtMs).finally(() => inFlight.delete(called));
    inFlight.add(called);
  }
  await Promise.all(inFlight);
  return leftOut;
}
