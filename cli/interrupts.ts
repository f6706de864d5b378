import { exitCodes } from "./exit-codes.ts";

/** A signal within this time of the first is the same key press, passed on by a parent process. */
const SAME_PRESS_MS = 500;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Why the signal was aborted: its `reason`. */
type Interrupt = (typeof SIGNALS)[number];

/**
 * Aborted by the first Ctrl-C, so that a verb can end cleanly; the second ends the process at once.
 * The death of the parent (`cipherhorizon.mjs` on another Node) counts as an interrupt, too.
 */
export function watchInterrupts(process: NodeJS.Process): AbortSignal {
  const controller = new AbortController();
  let firstAtMs = 0;
  const interrupt = (signal: Interrupt) => {
    const nowMs = performance.now();
    if (!controller.signal.aborted) {
      firstAtMs = nowMs;
      controller.abort(signal);
    } else if (nowMs - firstAtMs > SAME_PRESS_MS) {
      process.exit(exitCodes.interrupted);
    }
  };
  for (const signal of SIGNALS) process.on(signal, () => interrupt(signal));
  process.on("disconnect", () => interrupt("SIGHUP"));
  process.channel?.unref();
  return controller.signal;
}

/** Resolves when `signal` is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Waits, at most until `signal` is aborted; a time that is over already is no wait. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, durationMs));
    signal.addEventListener("abort", end, { once: true });
  });
}
