import { setTimeout as sleep } from "node:timers/promises";

/** Calls under way beyond which a run is over: nobody answers any more. */
const CALLS_IN_FLIGHT = 4_000;

/**
 * Starts calls at a fixed rate, however long the answers take, until `signal` or `count`. Each is
 * told when it was due, in `performance.now()`: who counts from there hides no waiting.
 */
export async function atFixedRate(
  { perSecond, count, signal }: { perSecond: number; count: number; signal?: AbortSignal },
  call: (index: number, dueAtMs: number) => Promise<void>,
): Promise<void> {
  const startedMs = performance.now();
  const inFlight = new Set<Promise<void>>();
  for (let index = 0; index < count && signal?.aborted !== true; index += 1) {
    const dueAtMs = startedMs + (index / perSecond) * 1_000;
    const waitMs = dueAtMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (inFlight.size >= CALLS_IN_FLIGHT) throw new Error(`${CALLS_IN_FLIGHT} calls wait`);
    const called = call(index, dueAtMs).finally(() => inFlight.delete(called));
    inFlight.add(called);
  }
  await Promise.all(inFlight);
}
