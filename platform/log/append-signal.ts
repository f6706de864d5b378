/** Something lost a wake-up? Then nobody sleeps longer than this. */
const LONGEST_SLEEP_MS = 1_000;

/** "The log has grown": raised by whoever hears of it, awaited by the loops that read it. */
export class AppendSignal {
  #raised = 0;
  readonly #waiting = new Set<() => void>();

  /** Read it before looking at the log; `after` then misses nothing that comes in between. */
  get raised(): number {
    return this.#raised;
  }

  raise(): void {
    this.#raised += 1;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Resolves when the signal has been raised since `raised`, is aborted, or after a second. */
  async after(raised: number, signal: AbortSignal): Promise<void> {
    if (this.#raised !== raised || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, LONGEST_SLEEP_MS);
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake);
    });
  }
}
