import { AppendSignal } from "../../platform/log/append-signal.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { Share } from "./share.ts";

/** The first answer of the group may have been under way already when the question arose. */
const ANSWERS_TO_CONFIRM = 2;

/** A process's share as its group has told it last. */
export class HeldPartitions implements Pick<Share, "held" | "confirmed"> {
  readonly #held = new Map<PartitionKey, AbortController>();
  readonly #told = new AppendSignal();
  #answers = 0;

  /**
   * After every joining and heartbeat. What is still this process's goes on: whoever writes it has
   * its checkpoint at hand.
   */
  told(partitions: ReadonlySet<PartitionKey>): void {
    for (const [partition, held] of this.#held) {
      if (partitions.has(partition)) continue;
      this.#held.delete(partition);
      held.abort();
    }
    for (const partition of partitions) {
      if (!this.#held.has(partition)) this.#held.set(partition, new AbortController());
    }
    this.#answers += 1;
    this.#told.raise();
  }

  async held(partition: PartitionKey, signal: AbortSignal): Promise<AbortSignal | null> {
    await this.#until(() => this.#held.has(partition), signal);
    const held = this.#held.get(partition);
    return held === undefined || signal.aborted ? null : AbortSignal.any([signal, held.signal]);
  }

  confirmed(signal: AbortSignal): Promise<void> {
    const enough = this.#answers + ANSWERS_TO_CONFIRM;
    return this.#until(() => this.#answers >= enough, signal);
  }

  async #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isSo() && !signal.aborted) await this.#told.after(this.#told.raised, signal);
  }
}
