import { type Failure, interrupted as interruptedFailure } from "../failure.ts";
import { pause } from "../interrupts.ts";

const POLL_MS = 100;
/** Without any progress for so long, waiting on is in vain. */
export const STALL_MS = 60_000;

/** What was seen of the work that is waited for. */
export interface Look<T> {
  /** `null` while it is not done. */
  readonly result: T | null;
  /** Another text whenever the work has come further. */
  readonly progress: string;
  readonly stalled: () => Failure;
}

/** Looks until the work is done; fails on a stall, never on a clock. */
export async function waitWhileItMoves<T>(
  interrupted: AbortSignal,
  look: () => Promise<Look<T>>,
): Promise<T> {
  let [last, lastAtMs] = ["", performance.now()];
  for (;;) {
    const { result, progress, stalled } = await look();
    if (result !== null) return result;
    if (progress !== last) [last, lastAtMs] = [progress, performance.now()];
    if (performance.now() - lastAtMs > STALL_MS) throw stalled();
    await pause(POLL_MS, interrupted);
    if (interrupted.aborted) throw interruptedFailure("the demo was not finished", "run it again");
  }
}
