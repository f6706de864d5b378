import { AppendSignal } from "../../platform/log/append-signal.ts";
import type { PartitionKey } from "../../platform/log/log.ts";

/**
 * A partition is held at most so long; then its feeder goes on by itself. Nobody reads from what is
 * held, and the live one, which it is to meet, may be seconds behind where its server is slow.
 */
const HELD_AT_MOST_MS = 10_000;

/**
 * Where a feeder asks before it writes, so that its partition can be made to stand still at one
 * position while rows are compared.
 */
export class Gate {
  readonly #heldAtMostMs: number;
  #limit = Number.POSITIVE_INFINITY;
  #position: number | null = null;
  #isWriting = false;
  #timer: NodeJS.Timeout | null = null;
  readonly #changes = new AppendSignal();

  constructor(heldAtMostMs = HELD_AT_MOST_MS) {
    this.#heldAtMostMs = heldAtMostMs;
  }

  /** The feeder stands at `position`, and may go on; `null`: nobody feeds the partition here. */
  stands(position: number | null): void {
    this.#position = position;
    this.#isWriting = false;
    this.#changes.raise();
  }

  /** Resolves with the position before which the feeder at `position` may write now. */
  async pass(position: number, signal: AbortSignal): Promise<number> {
    while (this.#limit <= position && !signal.aborted) await this.#changed(signal);
    this.#isWriting = true;
    return this.#limit;
  }

  /** Resolves with the position at which the partition stands now; `null`: it is not fed here. */
  async hold(signal: AbortSignal): Promise<number | null> {
    this.#limit = 0;
    this.#timer ??= setTimeout(() => this.release(), this.#heldAtMostMs);
    this.#changes.raise();
    while (this.#isWriting && this.isHeld && !signal.aborted) await this.#changed(signal);
    return this.isHeld ? this.#position : null;
  }

  /** Lets a held partition go on to exactly `position`; false: it is elsewhere, or held no more. */
  async advance(position: number, signal: AbortSignal): Promise<boolean> {
    if (!this.isHeld) return false;
    this.#limit = position;
    this.#changes.raise();
    const isThere = () => !this.#isWriting && (this.#position ?? position) >= position;
    while (!isThere() && this.isHeld && !signal.aborted) await this.#changed(signal);
    return this.isHeld && this.#position === position;
  }

  /** False once the time is over, or after `release`: what was read since may have moved. */
  get isHeld(): boolean {
    return this.#timer !== null;
  }

  release(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#limit = Number.POSITIVE_INFINITY;
    this.#changes.raise();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return this.#changes.after(this.#changes.raised, signal);
  }
}

/** The gates of a generation's partitions. */
export class Gates {
  readonly #gates = new Map<PartitionKey, Gate>();

  of(partition: PartitionKey): Gate {
    const known = this.#gates.get(partition);
    if (known !== undefined) return known;
    const gate = new Gate();
    this.#gates.set(partition, gate);
    return gate;
  }
}
