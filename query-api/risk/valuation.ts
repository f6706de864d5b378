import { type Decimal, decimal, decimalText, ZERO } from "../../platform/kernel/decimal.ts";
import { Rates, VIA } from "../../platform/market/rates.ts";
import { exposures, leverageOf, withShares } from "../../platform/risk/exposure.ts";
import type { Holding } from "../../projections/portfolios/store.ts";
import type { SpotPrice } from "../../projections/ticks-and-candles/store.ts";

/** What a portfolio is worth at the latest ticks, in its base currency; decimals as text. */
export interface Valuation {
  readonly equity: string;
  readonly cash: string;
  readonly grossExposure: string;
  readonly netExposure: string;
  /** Null when the equity is not above zero. */
  readonly leverage: number | null;
  /** False: a price is missing, and its position is not counted. */
  readonly complete: boolean;
  readonly positions: readonly ValuedPosition[];
}

interface ValuedPosition {
  readonly asset: string;
  readonly quantity: string;
  readonly price: string | null;
  readonly priceAtMs: number | null;
  /** Null: priced through two instruments. */
  readonly instrumentId: string | null;
  readonly value: string | null;
  readonly share: number;
}

/** The assets whose prices among each other say what these holdings are worth. */
export function assetsToPrice(holdings: readonly Held[], baseCurrency: string): readonly string[] {
  return [...new Set([...holdings.map(({ asset }) => asset), baseCurrency, ...VIA])];
}

type Held = Pick<Holding, "asset" | "quantity">;

/** By the rates that an assessment takes, too: so that both say the same of the same ticks. */
export function valuationOf(
  holdings: readonly Held[],
  { baseCurrency, prices }: { baseCurrency: string; prices: readonly SpotPrice[] },
): Valuation {
  const rates = new Rates(prices.map((quote) => ({ ...quote, price: decimal(quote.price) })));
  const held = holdings.map(({ asset, quantity }) => ({ asset, quantity: decimal(quantity) }));
  const cash = held.find(({ asset }) => asset === baseCurrency)?.quantity ?? ZERO;
  const positions = withShares(
    held
      .filter(({ asset, quantity }) => asset !== baseCurrency && !quantity.isZero())
      .map((position) => ({ ...position, ...priceOf(rates.rate(position.asset, baseCurrency)) })),
  );
  const { gross, net } = exposures(positions);
  const equity = cash.plus(net);
  return {
    equity: decimalText(equity),
    cash: decimalText(cash),
    grossExposure: decimalText(gross),
    netExposure: decimalText(net),
    leverage: leverageOf(gross, equity),
    complete: positions.every(({ value }) => value !== null),
    positions: positions.map(({ quantity, price, value, ...position }) => ({
      ...position,
      quantity: decimalText(quantity),
      price: textOf(price),
      value: textOf(value),
    })),
  };
}

function priceOf(rate: ReturnType<Rates["rate"]>) {
  if (rate === null) return { price: null, priceAtMs: null, instrumentId: null };
  const [only = null, ...others] = rate.instrumentIds;
  return {
    price: rate.price,
    priceAtMs: rate.atMs,
    instrumentId: others.length === 0 ? only : null,
  };
}

function textOf(value: Decimal | null): string | null {
  return value === null ? null : decimalText(value);
}
