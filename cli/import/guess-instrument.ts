import { inverseContractSize, splitPair, venueRules } from "./symbol-rules.ts";

/** What an instrument is; it decides what its volume counts. */
export type InstrumentKind =
  | "spot"
  | "perpetual"
  | "future"
  | "inverse-perpetual"
  | "inverse-future";

/** The payload of `RegisterInstrument` and the id to register it under. */
export interface InstrumentGuess {
  readonly id: string;
  readonly payload: {
    readonly exchange: string;
    readonly symbol: string;
    readonly base: string;
    readonly quote: string;
    readonly kind: InstrumentKind;
    readonly priceStep: string;
    readonly quantityStep: string;
    readonly contractSize?: string;
  };
}

/**
 * The steps of an instrument whose real ones are not in the file: finer than any venue's, so that
 * no recorded price is called wrong. `change-steps` sets the real ones.
 */
export const UNKNOWN_STEP = "0.000000000001";

/**
 * What a venue's symbol means, by the venue's own way of writing: `kraken`, `XBTUSDT` is
 * `kraken:BTC-USDT`. The contract sizes are general knowledge of the venues, not from the file.
 * `null` when the symbol is not of a known form: then a person has to say.
 */
export function guessInstrument(exchange: string, symbol: string): InstrumentGuess | null {
  const parsed = parseSymbol(exchange, symbol.toUpperCase());
  if (parsed === null || parsed.base === parsed.quote) return null;
  const { base, quote, kind, suffix } = parsed;
  const contractSize = kind.startsWith("inverse-") ? inverseContractSize(exchange, base) : null;
  return {
    id: `${exchange}:${base}-${quote}${suffix}`,
    payload: {
      exchange,
      symbol,
      base,
      quote,
      kind,
      priceStep: UNKNOWN_STEP,
      quantityStep: UNKNOWN_STEP,
      ...(contractSize === null ? {} : { contractSize }),
    },
  };
}

interface ParsedSymbol {
  readonly base: string;
  readonly quote: string;
  readonly kind: InstrumentKind;
  readonly suffix: string;
}

function parseSymbol(exchange: string, symbol: string): ParsedSymbol | null {
  for (const rule of venueRules(exchange)) {
    const groups = rule.form.exec(symbol)?.groups;
    if (groups === undefined) continue;
    const pair = splitPair(exchange, groups);
    if (pair === null) continue;
    const { kind, suffix } = rule.meaning({ ...groups, ...pair });
    return { ...pair, kind, suffix };
  }
  return null;
}
