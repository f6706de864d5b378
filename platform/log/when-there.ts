import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../errors/catalogue.ts";
import { isPassing } from "./kafka/kafka-errors.ts";
import type { LogPlace } from "./places.ts";

const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 5_000;

export interface WaitingForLog {
  /** Aborted: who waits gives up, with what was wrong last. */
  readonly signal: AbortSignal;
  /** Told after each attempt why the log is not there. */
  readonly onAway: (reason: string, nextAttemptInMs: number) => void;
}

/**
 * Opens what needs Kafka and its registry, again and again while one of them does not answer, for
 * as long as it takes: they may start later than we do. What they refuse is thrown at once, and so
 * is everything about an embedded log, which depends on nobody.
 */
export async function whenThere<T>(
  { kafka }: LogPlace,
  { signal, onAway }: WaitingForLog,
  open: () => Promise<T>,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MILLISECONDS; ; pauseMs *= 2) {
    try {
      return await open();
    } catch (error) {
      if (kafka === null || !isAway(error) || signal.aborted) throw error;
      const pause = Math.min(pauseMs, LONGEST_PAUSE_MILLISECONDS);
      onAway((error as Error).message, pause);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw error;
    }
  }
}

function isAway(error: unknown): boolean {
  if (error instanceof PlatformError) return error.code === "LOG_UNAVAILABLE";
  return isPassing(error);
}
