import { setTimeout as delay } from "node:timers/promises";
import { DataError } from "./read-store.ts";

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 5_000;

/** A systemic error (connection, disk, rights) that is being waited out. */
export interface Trouble {
  readonly doing: string;
  readonly error: unknown;
  readonly attempts: number;
  readonly nextAttemptInMs: number;
}

export interface Persistence {
  readonly signal: AbortSignal;
  /** Called before every wait, and with `null` once it has worked again. */
  onTrouble(trouble: Trouble | null): void;
  /** Errors that trying again cannot cure are thrown at once. `DataError` always is one. */
  isFinal?(error: unknown): boolean;
}

/**
 * Tries `work` until it succeeds, for ever, with growing pauses: a systemic error never parks
 * anything. Ends early with the signal's reason when the signal aborts.
 */
export async function persist<T>(
  doing: string,
  work: () => Promise<T>,
  { signal, onTrouble, isFinal }: Persistence,
): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted();
    try {
      const result = await work();
      if (attempts > 1) onTrouble(null);
      return result;
    } catch (error) {
      if (error instanceof DataError || isFinal?.(error)) throw error;
      const nextAttemptInMs = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
      onTrouble({ doing, error, attempts, nextAttemptInMs });
      await delay(nextAttemptInMs, undefined, { signal });
    }
  }
}
