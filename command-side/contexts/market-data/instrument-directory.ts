import type { Event } from "../../../platform/kernel/decider.ts";
import type { MarketDataEvent } from "../../../schemas/generated/market-data.ts";

/** One spelling of one instrument, and for ticks of which times it holds. */
interface Spelling {
  readonly symbol: string;
  readonly instrumentId: string;
  readonly fromMs: number;
  /** The first time for which it no longer holds. */
  untilMs: number;
  readonly registeredMs: number;
}

interface Listing {
  readonly exchange: string;
  readonly registeredMs: number;
  readonly spellings: Spelling[];
}

/**
 * Which instrument an exchange's symbol means at a time, folded from the instruments' events. It
 * may be told of a whole history again: a registration forgets what was known of its instrument.
 */
export class InstrumentDirectory {
  readonly #listings = new Map<string, Listing>();
  /** Spellings by exchange and symbol, the one to be taken first standing first. */
  readonly #spellings = new Map<string, Map<string, Spelling[]>>();

  observe(instrumentId: string, event: Event): void {
    const fact = event as MarketDataEvent;
    if (fact.type === "InstrumentRegistered") {
      this.#forget(instrumentId);
      const { exchange, symbol } = fact.data;
      const listing = { exchange, registeredMs: fact.occurredAtMs, spellings: [] };
      this.#listings.set(instrumentId, listing);
      this.#add(listing, { instrumentId, symbol, fromMs: 0 });
      return;
    }
    const listing = this.#listings.get(instrumentId);
    if (listing) this.#change(listing, instrumentId, fact);
  }

  /** The id of the instrument that the symbol meant at `timeMs`; `null` when there is none. */
  resolve(exchange: string, symbol: string, timeMs: number): string | null {
    const spellings = this.#spellings.get(exchange)?.get(symbol) ?? [];
    for (const { instrumentId, fromMs, untilMs } of spellings) {
      if (fromMs <= timeMs && timeMs < untilMs) return instrumentId;
    }
    return null;
  }

  #change(listing: Listing, instrumentId: string, fact: MarketDataEvent): void {
    switch (fact.type) {
      case "InstrumentRenamed": {
        const { symbol, previousSymbol, effectiveMs } = fact.data;
        this.#end(listing, (one) => one.symbol === previousSymbol, effectiveMs);
        this.#add(listing, { instrumentId, symbol, fromMs: effectiveMs });
        break;
      }
      case "InstrumentAliasAdded": {
        const { symbol, effectiveMs } = fact.data;
        this.#add(listing, { instrumentId, symbol, fromMs: effectiveMs });
        break;
      }
      case "InstrumentDelisted":
        // A tick at the very end is still one of the instrument.
        this.#end(listing, () => true, fact.data.effectiveMs + 1);
        break;
      default:
        break;
    }
  }

  #add(
    listing: Listing,
    { instrumentId, symbol, fromMs }: Pick<Spelling, "instrumentId" | "symbol" | "fromMs">,
  ): void {
    const { exchange, registeredMs, spellings } = listing;
    const untilMs = Number.POSITIVE_INFINITY;
    const spelling = { symbol, instrumentId, fromMs, untilMs, registeredMs };
    spellings.push(spelling);
    const symbols = this.#spellings.get(exchange) ?? new Map<string, Spelling[]>();
    this.#spellings.set(exchange, symbols);
    const same = symbols.get(symbol) ?? [];
    symbols.set(symbol, same);
    same.push(spelling);
    same.sort(comparePrecedence);
  }

  #end(listing: Listing, isMeant: (spelling: Spelling) => boolean, untilMs: number): void {
    for (const spelling of listing.spellings) {
      if (!isMeant(spelling) || spelling.untilMs <= untilMs) continue;
      spelling.untilMs = untilMs;
      this.#spellings.get(listing.exchange)?.get(spelling.symbol)?.sort(comparePrecedence);
    }
  }

  #forget(instrumentId: string): void {
    const listing = this.#listings.get(instrumentId);
    if (!listing) return;
    const symbols = this.#spellings.get(listing.exchange);
    for (const { symbol } of listing.spellings) {
      const others = symbols?.get(symbol)?.filter((one) => one.instrumentId !== instrumentId);
      symbols?.set(symbol, others ?? []);
    }
    this.#listings.delete(instrumentId);
  }
}

/**
 * A symbol given up by one instrument and taken by another: until then it means the first, whose
 * spelling ends. Else the one that was registered first; no order of arrival plays a part.
 */
function comparePrecedence(a: Spelling, b: Spelling): number {
  if (a.untilMs !== b.untilMs) return a.untilMs - b.untilMs;
  if (a.registeredMs !== b.registeredMs) return a.registeredMs - b.registeredMs;
  return a.instrumentId < b.instrumentId ? -1 : 1;
}
