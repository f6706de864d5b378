import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { LogReader } from "../../../platform/log/log.ts";

const WAKE_UP_WITHIN_MILLISECONDS = 5_000;

/** Counts how often the log tells of appends. */
export function countCalls(log: LogReader) {
  let calls = 0;
  const stop = log.onAppended(() => {
    calls += 1;
  });
  const reached = async (count: number): Promise<void> => {
    const deadline = performance.now() + WAKE_UP_WITHIN_MILLISECONDS;
    while (calls < count && performance.now() < deadline) await sleep(1);
    expect(calls, "calls of the listener").to.be.at.least(count);
  };
  return { calls: () => calls, reached, stop };
}
