import type { InstrumentEvent } from "./events.ts";

/** One spelling of an instrument, and for ticks of which times it holds. */
export interface Spelling {
  readonly symbol: string;
  readonly fromMs: number;
  /** The first time for which it no longer holds. */
  readonly untilMs: number;
}

/** How an instrument's exchange spells it, ever. Never changed, only replaced. */
export interface Listing {
  readonly exchange: string;
  readonly registeredMs: number;
  readonly spellings: readonly Spelling[];
}

const FOR_EVER = Number.POSITIVE_INFINITY;

/** The listing after an event; the same one where the event says nothing of it. */
export function evolveListing(
  listing: null,
  event: Extract<InstrumentEvent, { type: "InstrumentRegistered" }>,
): Listing;
export function evolveListing(listing: Listing, event: InstrumentEvent): Listing;
export function evolveListing(listing: Listing | null, event: InstrumentEvent): Listing | null;
export function evolveListing(listing: Listing | null, event: InstrumentEvent): Listing | null {
  if (event.type === "InstrumentRegistered") {
    const { exchange, symbol } = event.data;
    const spellings = [{ symbol, fromMs: 0, untilMs: FOR_EVER }];
    return { exchange, registeredMs: event.occurredAtMs, spellings };
  }
  return listing === null ? null : changed(listing, event);
}

function changed(listing: Listing, event: InstrumentEvent): Listing {
  switch (event.type) {
    case "InstrumentRenamed": {
      const { symbol, previousSymbol, effectiveMs } = event.data;
      const ended = end(listing, (one) => one.symbol === previousSymbol, effectiveMs);
      return withSpelling(ended, symbol, effectiveMs);
    }
    case "InstrumentAliasAdded":
      return withSpelling(listing, event.data.symbol, event.data.effectiveMs);
    case "InstrumentDelisted":
      // A tick at the very end is still one of the instrument.
      return end(listing, () => true, event.data.effectiveMs + 1);
    default:
      return listing;
  }
}

function withSpelling(listing: Listing, symbol: string, fromMs: number): Listing {
  return { ...listing, spellings: [...listing.spellings, { symbol, fromMs, untilMs: FOR_EVER }] };
}

function end(listing: Listing, isMeant: (spelling: Spelling) => boolean, untilMs: number): Listing {
  const spellings = listing.spellings.map((one) => {
    return isMeant(one) && one.untilMs > untilMs ? { ...one, untilMs } : one;
  });
  return { ...listing, spellings };
}
