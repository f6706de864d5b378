import type { Waiting } from "./batch.ts";

/** Limits of what may wait for one partition; more is told to come back. */
const WAITING_COMMANDS = 10_000;
/** Of payloads as text; in memory, with decimals parsed, they are some times as large. */
const WAITING_BYTES = 32 * 1024 * 1024;

/** The commands that wait for an owner, in the order of their coming. */
export class CommandQueue {
  #waiting: Waiting[] = [];
  #bytes = 0;

  get length(): number {
    return this.#waiting.length;
  }

  /** Which limit another command would be over; `null` while it fits. One alone always does. */
  limitBefore(bytes: number): string | null {
    if (this.length >= WAITING_COMMANDS) return `${WAITING_COMMANDS} commands`;
    const isTooMuch = this.length > 0 && this.#bytes + bytes > WAITING_BYTES;
    return isTooMuch ? `${this.#bytes} of ${WAITING_BYTES} bytes of commands` : null;
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#bytes += waiting.bytes;
  }

  takeFirst(): Waiting | null {
    const first = this.#waiting.shift() ?? null;
    this.#bytes -= first?.bytes ?? 0;
    return first;
  }

  takeAll(): readonly Waiting[] {
    this.#bytes = 0;
    return this.#waiting.splice(0);
  }

  /** Commands that were taken and must be decided again: limits do not concern them. */
  putBack(taken: readonly Waiting[]): void {
    this.#waiting.unshift(...taken);
    for (const { bytes } of taken) this.#bytes += bytes;
  }
}
