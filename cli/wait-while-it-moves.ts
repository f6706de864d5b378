import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { pause } from "./interrupts.ts";

const POLL_MS = 100;
/** Without any progress for so long, waiting on is in vain. */
export const STALL_MS = 60_000;

/** What was seen of the work that is waited for. */
export interface Look<T> {
  /** `null` while it is not done. */
  readonly result: T | null;
  /** Another text whenever the work has come further. */
  readonly progress: string;
  /** Work that tells of itself more rarely than the wait has patience is given so much. */
  readonly leastStallMs?: number;
  readonly stalled: () => Failure;
}

export interface Waiting {
  readonly interrupted: AbortSignal;
  /** How to come back. */
  readonly stopped: () => Failure;
  readonly pollMs?: number;
  readonly stallMs?: number;
  /** Told that nobody answered just now; without it that ends the wait. */
  readonly onAway?: (failure: Failure) => void;
}

/** Looks until the work is done; fails on a stall, never on a clock. */
export async function waitWhileItMoves<T>(
  waiting: Waiting,
  look: () => Promise<Look<T>>,
): Promise<T> {
  const { interrupted, stopped, pollMs = POLL_MS, stallMs = STALL_MS } = waiting;
  let [last, lastAtMs] = ["", performance.now()];
  let stalled: (() => Failure) | null = null;
  let patienceMs = stallMs;
  for (;;) {
    const seen = await orAborted(lookOnce(look, waiting), interrupted);
    if (seen === null) throw stopped();
    if (seen instanceof Failure) stalled ??= () => seen;
    else {
      if (seen.result !== null) return seen.result;
      if (seen.progress !== last) [last, lastAtMs] = [seen.progress, performance.now()];
      stalled = seen.stalled;
      patienceMs = Math.max(stallMs, seen.leastStallMs ?? 0);
    }
    if (performance.now() - lastAtMs > patienceMs) throw stalled();
    await pause(pollMs, interrupted);
  }
}

/** `null`: `signal` was aborted before. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(null);
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

async function lookOnce<T>(
  look: () => Promise<Look<T>>,
  { onAway }: Waiting,
): Promise<Look<T> | Failure> {
  try {
    return await look();
  } catch (error) {
    const isAway = error instanceof Failure && error.exitCode === exitCodes.unavailable;
    if (!isAway || onAway === undefined) throw error;
    onAway(error);
    return error;
  }
}
