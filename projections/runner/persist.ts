import { setTimeout as delay } from "node:timers/promises";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { DataError, Fenced } from "./read-store.ts";

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
  /** Called before every wait, and with `null` when there is no more waiting. */
  onTrouble(trouble: Trouble | null): void;
}

/** No trying again cures it: the file is another projection's, say. */
export class FinalError extends Error {
  override readonly name = "FinalError";
}

/**
 * Tries `work` until it succeeds, for ever, with growing pauses: a systemic error never parks
 * anything. Ends early with the signal's reason when the signal aborts.
 */
export async function persist<T>(
  doing: string,
  work: () => Promise<T>,
  { signal, onTrouble }: Persistence,
): Promise<T> {
  let isInTrouble = false;
  try {
    for (let attempts = 1; ; attempts += 1) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (isFinal(error)) throw error;
        const nextAttemptInMs = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
        isInTrouble = true;
        onTrouble({ doing, error, attempts, nextAttemptInMs });
        await delay(nextAttemptInMs, undefined, { signal });
      }
    }
  } finally {
    if (isInTrouble) onTrouble(null);
  }
}

function isFinal(error: unknown): boolean {
  if (error instanceof PlatformError) return error.code === "LOG_MISMATCH";
  return [DataError, Fenced, FinalError].some((final) => error instanceof final);
}
