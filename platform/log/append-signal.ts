import type { Moved, PartitionKey } from "./log.ts";

/** Something lost a wake-up? Then nobody sleeps longer than this. */
const LONGEST_SLEEP_MS = 1_000;

/** "The log has grown": raised by whoever hears of it, awaited by the loops that read it. */
export class AppendSignal {
  #raised = 0;
  readonly #waiting = new Map<() => void, PartitionKey | null>();
  /** When each partition was raised last, by the counter. */
  readonly #lastOf = new Map<PartitionKey, number>();
  #lastOfAll = 0;

  /** Read it before looking at the log; `after` then misses nothing that comes in between. */
  get raised(): number {
    return this.#raised;
  }

  raise(moved: Moved = null): void {
    this.#raised += 1;
    if (moved === null) this.#lastOfAll = this.#raised;
    for (const partition of moved ?? []) this.#lastOf.set(partition, this.#raised);
    for (const [wake, partition] of [...this.#waiting]) {
      if (partition === null || moved === null || moved.has(partition)) wake();
    }
  }

  /**
   * Resolves when the signal has been raised since `raised`, is aborted, or after a second. With a
   * partition only what may have been there counts.
   */
  async after(
    raised: number,
    signal: AbortSignal,
    partition: PartitionKey | null = null,
  ): Promise<void> {
    if (this.#last(partition) > raised || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, LONGEST_SLEEP_MS);
      this.#waiting.set(wake, partition);
      signal.addEventListener("abort", wake);
    });
  }

  #last(partition: PartitionKey | null): number {
    if (partition === null) return this.#raised;
    return Math.max(this.#lastOfAll, this.#lastOf.get(partition) ?? 0);
  }
}
