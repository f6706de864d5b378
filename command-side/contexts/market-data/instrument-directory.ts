import type { Event } from "../../../platform/kernel/decider.ts";
import type { InstrumentEvent } from "./instrument/events.ts";
import { evolveListing, type Listing, type Spelling } from "./instrument/listing.ts";

interface OfInstrument extends Spelling {
  readonly instrumentId: string;
  readonly registeredMs: number;
}

/**
 * Which instrument an exchange's symbol means at a time: the listings of all instruments, by
 * exchange and symbol.
 */
export class InstrumentDirectory {
  readonly #listings = new Map<string, Listing>();
  /** Spellings by exchange and symbol, the one to be taken first standing first. */
  readonly #spellings = new Map<string, Map<string, OfInstrument[]>>();

  observe(instrumentId: string, event: Event): void {
    const before = this.#listings.get(instrumentId) ?? null;
    const listing = evolveListing(before, event as InstrumentEvent);
    if (listing !== null && listing !== before) this.put(instrumentId, listing);
  }

  /** Puts an instrument's listing in the place of what was known of it. */
  put(instrumentId: string, listing: Listing): void {
    this.#forget(instrumentId);
    this.#listings.set(instrumentId, listing);
    const { exchange, registeredMs, spellings } = listing;
    const symbols = this.#spellings.get(exchange) ?? new Map<string, OfInstrument[]>();
    this.#spellings.set(exchange, symbols);
    for (const spelling of spellings) {
      const same = symbols.get(spelling.symbol) ?? [];
      symbols.set(spelling.symbol, same);
      same.push({ ...spelling, instrumentId, registeredMs });
      same.sort(comparePrecedence);
    }
  }

  /** The id of the instrument that the symbol meant at `timeMs`; `null` when there is none. */
  resolve(exchange: string, symbol: string, timeMs: number): string | null {
    const spellings = this.#spellings.get(exchange)?.get(symbol) ?? [];
    for (const { instrumentId, fromMs, untilMs } of spellings) {
      if (fromMs <= timeMs && timeMs < untilMs) return instrumentId;
    }
    return null;
  }

  #forget(instrumentId: string): void {
    const listing = this.#listings.get(instrumentId);
    if (!listing) return;
    const symbols = this.#spellings.get(listing.exchange);
    for (const { symbol } of listing.spellings) {
      const others = symbols?.get(symbol)?.filter((one) => one.instrumentId !== instrumentId);
      symbols?.set(symbol, others ?? []);
    }
  }
}

/**
 * A symbol given up by one instrument and taken by another: until then it means the first, whose
 * spelling ends. Else the one that was registered first; no order of arrival plays a part.
 */
function comparePrecedence(a: OfInstrument, b: OfInstrument): number {
  if (a.untilMs !== b.untilMs) return a.untilMs - b.untilMs;
  if (a.registeredMs !== b.registeredMs) return a.registeredMs - b.registeredMs;
  return a.instrumentId < b.instrumentId ? -1 : 1;
}
