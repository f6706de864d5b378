import { setTimeout as sleep } from "node:timers/promises";

const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 30_000;

export interface RecoveryParts {
  /** Throws when it has not succeeded. */
  readonly attempt: () => Promise<void>;
  /** Told of every new reason, and with `null` once an attempt has succeeded. */
  readonly onTrouble: (reason: string | null) => void;
}

/** Tries again and again what failed, with growing pauses, until it succeeds or is ended. */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #ending = new AbortController();
  #trouble: string | null = null;
  #running: Promise<void> | null = null;
  #pauses = 0;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Why there is something to recover from; `null` where there is nothing. */
  get trouble(): string | null {
    return this.#trouble;
  }

  begin(reason: string): void {
    if (this.#ending.signal.aborted) return;
    this.#tell(reason);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** The next trouble begins with short pauses again: it is not the same any more. */
  hasWorked(): void {
    this.#pauses = 0;
  }

  /** No attempt begins any more; one that is under way goes on. */
  end(): void {
    this.#ending.abort();
  }

  /** Resolves when no attempt is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (this.#trouble !== null) {
      // Only its end interrupts the pause, which does not keep the process alive.
      const pause = { signal, ref: false };
      await sleep(this.#nextPauseMs(), undefined, pause).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#parts.attempt();
        if (!signal.aborted) this.#tell(null);
      } catch (error) {
        this.#tell((error as Error).message);
      }
    }
  }

  #tell(reason: string | null): void {
    this.#trouble = reason;
    this.#parts.onTrouble(reason);
  }

  #nextPauseMs(): number {
    const pauseMs = FIRST_PAUSE_MILLISECONDS * 2 ** this.#pauses;
    this.#pauses += 1;
    return Math.min(pauseMs, LONGEST_PAUSE_MILLISECONDS);
  }
}
