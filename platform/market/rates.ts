import { type Decimal, isInRange, ONE, product, quotient } from "../kernel/decimal.ts";

/** The latest price of a spot instrument: so many of `quote` for one of `base`. */
export interface Quote {
  readonly instrumentId: string;
  readonly base: string;
  readonly quote: string;
  readonly price: Decimal;
  readonly atMs: number;
}

/** What one unit of an asset is worth in another. */
export interface Rate {
  readonly price: Decimal;
  /** Of the oldest price it is made of. */
  readonly atMs: number;
  /** The instruments it is made of, one or two. */
  readonly instrumentIds: readonly string[];
}

/** Assets that most others are traded against, in the order in which they are tried. */
export const VIA = ["USDT", "USD", "BTC"] as const;

/**
 * Rates between assets by the prices of spot instruments. In this order: an instrument of the two,
 * the inverse of one, and two of these through USDT, USD or BTC. Of several instruments of a pair
 * the newest price counts, then the first id: the same quotes always give the same rates.
 */
export class Rates {
  readonly #newest = new Map<string, Quote>();

  constructor(quotes: Iterable<Quote>) {
    for (const quote of quotes) {
      const pair = pairOf(quote.base, quote.quote);
      const before = this.#newest.get(pair);
      if (before === undefined || isNewer(quote, before)) this.#newest.set(pair, quote);
    }
  }

  /** `null`: no path of prices leads from one to the other. */
  rate(asset: string, into: string): Rate | null {
    const direct = this.#leg(asset, into);
    if (direct !== null) return direct;
    for (const via of VIA) {
      const first = this.#leg(asset, via);
      const second = this.#leg(via, into);
      if (first === null || second === null) continue;
      const through = usable(product(first.price, second.price), [first, second]);
      if (through !== null) return through;
    }
    return null;
  }

  #leg(asset: string, into: string): Rate | null {
    const direct = this.#newest.get(pairOf(asset, into));
    if (direct !== undefined) return usable(direct.price, [rateOf(direct)]);
    const inverse = this.#newest.get(pairOf(into, asset));
    if (inverse === undefined) return null;
    return usable(quotient(ONE, inverse.price), [rateOf(inverse)]);
  }
}

function pairOf(base: string, quote: string): string {
  return `${base}/${quote}`;
}

function isNewer(quote: Quote, before: Quote): boolean {
  if (quote.atMs !== before.atMs) return quote.atMs > before.atMs;
  return quote.instrumentId < before.instrumentId;
}

function rateOf({ price, atMs, instrumentId }: Quote): Rate {
  return { price, atMs, instrumentIds: [instrumentId] };
}

/** Rounded to nothing, or beyond what an event can hold, it is no price. */
function usable(price: Decimal, legs: readonly Rate[]): Rate | null {
  if (!price.gt(0) || !isInRange(price)) return null;
  const atMs = Math.min(...legs.map((leg) => leg.atMs));
  return { price, atMs, instrumentIds: legs.flatMap(({ instrumentIds }) => instrumentIds) };
}
