import { decimalText } from "../../../platform/kernel/decimal.ts";
import { hash64 } from "../../../platform/kernel/hash.ts";
import type { TickInput } from "./tick-input.ts";

/** Different ticks without id of which it is known how often they came, the newest of a request. */
const OCCURRENCES_REMEMBERED = 100_000;

/**
 * Numbers equal ticks without trade id within one request, so that the same request sent again
 * gives every tick the same number. What came first is forgotten first: equal ticks stand close
 * together.
 */
export class Occurrences {
  readonly #counts = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number = OCCURRENCES_REMEMBERED) {
    this.#limit = limit;
  }

  /** 0 for the first of its kind, 1 for the next. */
  next(instrumentId: string, { timestamp, price, volume, side }: TickInput): number {
    const [priceText, volumeText] = [decimalText(price), decimalText(volume)];
    const key = hash64(`${instrumentId} ${timestamp} ${priceText} ${volumeText} ${side}`);
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    if (this.#counts.size > this.#limit) this.#forgetFirst();
    return count;
  }

  #forgetFirst(): void {
    for (const key of this.#counts.keys()) {
      this.#counts.delete(key);
      return;
    }
  }
}
