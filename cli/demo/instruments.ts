/** An instrument of the demonstration's market. Exchange `demo`: nobody shall take it for real. */
export interface DemoInstrument {
  readonly id: string;
  readonly exchange: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  /** Where the price begins, in steps of the last decimal. */
  readonly startPriceSteps: number;
  /** Standard deviation of the log price's change in a quiet second. */
  readonly volatilityPerSecond: number;
  /** How much of the whole market's moves it follows. */
  readonly marketShare: number;
  readonly tradesPerSecond: number;
  /** A usual trade's volume, in steps of the last decimal. */
  readonly usualQuantitySteps: number;
}

const DEMO_EXCHANGE = "demo";

export const DEMO_INSTRUMENTS: readonly DemoInstrument[] = [
  instrument("BTC", "USDT", {
    priceDecimals: 2,
    quantityDecimals: 5,
    startPriceSteps: 6_184_237,
    volatilityPerSecond: 0.00009,
    marketShare: 1,
    tradesPerSecond: 1.4,
    usualQuantitySteps: 900,
  }),
  instrument("ETH", "USDT", {
    priceDecimals: 2,
    quantityDecimals: 4,
    startPriceSteps: 268_380,
    volatilityPerSecond: 0.00012,
    marketShare: 1.1,
    tradesPerSecond: 1,
    usualQuantitySteps: 1_500,
  }),
  instrument("SOL", "USDT", {
    priceDecimals: 3,
    quantityDecimals: 2,
    startPriceSteps: 152_410,
    volatilityPerSecond: 0.00018,
    marketShare: 1.3,
    tradesPerSecond: 0.6,
    usualQuantitySteps: 400,
  }),
  instrument("BNB", "USDT", {
    priceDecimals: 2,
    quantityDecimals: 3,
    startPriceSteps: 51_260,
    volatilityPerSecond: 0.0001,
    marketShare: 0.8,
    tradesPerSecond: 0.4,
    usualQuantitySteps: 700,
  }),
  instrument("ETH", "BTC", {
    priceDecimals: 6,
    quantityDecimals: 4,
    startPriceSteps: 43_397,
    volatilityPerSecond: 0.00008,
    marketShare: 0.1,
    tradesPerSecond: 0.25,
    usualQuantitySteps: 2_000,
  }),
];

type Character = Omit<DemoInstrument, "id" | "exchange" | "symbol" | "base" | "quote">;

function instrument(base: string, quote: string, character: Character): DemoInstrument {
  const symbol = `${base}-${quote}`;
  const id = `${DEMO_EXCHANGE}:${symbol}`;
  return { id, exchange: DEMO_EXCHANGE, symbol, base, quote, ...character };
}

/** A count of steps of the last decimal as decimal text: 6184237 with 2 decimals is 61842.37. */
export function stepsText(steps: number, decimals: number): string {
  const digits = String(steps).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The size of one step as decimal text: `0.01`. */
export function stepText(decimals: number): string {
  return stepsText(1, decimals);
}
