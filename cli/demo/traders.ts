import {
  type Decimal,
  decimal,
  decimalText,
  product,
  ZERO,
} from "../../platform/kernel/decimal.ts";
import type { CommandLine } from "../command-line.ts";
import type { TickInput } from "../import/read-ticks.ts";
import { DEMO_INSTRUMENTS, type DemoInstrument, stepText } from "./instruments.ts";
import type { DemoSecond } from "./market.ts";
import { createRandom, type Random } from "./random.ts";

/** In what a trader pays: the quote currency, what it buys, a third asset; or it is paid. */
type FeeHabit = "quote" | "received" | "third-asset" | "rebate";

interface TraderProfile {
  readonly id: string;
  readonly name: string;
  readonly costMethod: "average" | "fifo";
  readonly feeHabit: FeeHabit;
  readonly symbols: readonly string[];
  readonly tradesPerMinute: number;
  readonly deposits: Readonly<Record<string, { amount: string; unitCost?: string }>>;
}

const BASE_CURRENCY = "USDT";
const THIRD_ASSET = "BNB";
const FEE_RATES: Readonly<Record<FeeHabit, Decimal>> = {
  quote: decimal("0.001"),
  received: decimal("0.001"),
  "third-asset": decimal("0.00075"),
  rebate: decimal("-0.0001"),
};
const FEE_DECIMALS = 8;
/** A buy spends up to this share of the cash, a sale gives up to that share of the holding. */
const LARGEST_BUY_SHARE = 0.15;
const LARGEST_SALE_SHARE = 0.9;

const PROFILES: readonly TraderProfile[] = [
  {
    id: "demo-steady",
    name: "Steady hands",
    costMethod: "average",
    feeHabit: "quote",
    symbols: ["BTC-USDT", "ETH-USDT"],
    tradesPerMinute: 2,
    deposits: { USDT: { amount: "50000" }, BTC: { amount: "0.25", unitCost: "58000" } },
  },
  {
    id: "demo-swing",
    name: "Swing",
    costMethod: "fifo",
    feeHabit: "third-asset",
    symbols: ["SOL-USDT", "ETH-USDT", "ETH-BTC"],
    tradesPerMinute: 5,
    deposits: {
      USDT: { amount: "20000" },
      BNB: { amount: "25", unitCost: "480.5" },
      BTC: { amount: "0.1", unitCost: "57250" },
    },
  },
  {
    id: "demo-coins",
    name: "Pays in coins",
    costMethod: "average",
    feeHabit: "received",
    symbols: ["BTC-USDT", "SOL-USDT", "BNB-USDT"],
    tradesPerMinute: 3,
    deposits: { USDT: { amount: "75000" } },
  },
  {
    id: "demo-maker",
    name: "Market maker",
    costMethod: "fifo",
    feeHabit: "rebate",
    symbols: ["BTC-USDT"],
    tradesPerMinute: 8,
    deposits: { USDT: { amount: "150000" }, BTC: { amount: "1", unitCost: "60000" } },
  },
];

/** The ids of the demonstration's portfolios. */
export const DEMO_PORTFOLIOS: readonly string[] = PROFILES.map(({ id }) => id);

/** Portfolios that trade at the market's prices; a trader never gives what it does not hold. */
export interface DemoTraders {
  /** Opens the portfolios and pays in. */
  open(nowMs: number): readonly CommandLine[];
  /** What they trade in this second, given its ticks. */
  trade(second: DemoSecond): readonly CommandLine[];
}

/** Pure: the same seed and the same seconds give the same commands. */
export function createDemoTraders(seed: number): DemoTraders {
  const traders = PROFILES.map((profile, index) => {
    const holdings = new Map<string, Decimal>();
    return { profile, random: createRandom(seed * 131 + index), holdings };
  });
  const lastPrices = new Map<string, Decimal>();
  return {
    open: (nowMs) => traders.flatMap((trader) => opening(trader, nowMs)),
    trade: ({ ticks }) => {
      for (const tick of ticks) lastPrices.set(tick.symbol, decimal(tick.price));
      return traders.flatMap((trader) => tradeOnce(trader, ticks, lastPrices));
    },
  };
}

interface Trader {
  readonly profile: TraderProfile;
  readonly random: Random;
  readonly holdings: Map<string, Decimal>;
}

function opening({ profile, holdings }: Trader, nowMs: number): CommandLine[] {
  const { id, name, costMethod, deposits } = profile;
  const open = command(id, "OpenPortfolio", {
    name,
    owner: id,
    baseCurrency: BASE_CURRENCY,
    costMethod,
  });
  const payments = Object.entries(deposits).map(([asset, deposit]) => {
    holdings.set(asset, decimal(deposit.amount));
    const externalReference = `demo-${nowMs}-${asset}`;
    return command(id, "DepositFunds", { asset, ...deposit, externalReference, occurredAt: nowMs });
  });
  return [open, ...payments];
}

function tradeOnce(trader: Trader, ticks: readonly TickInput[], prices: Prices): CommandLine[] {
  const { profile, random, holdings } = trader;
  if (!random.chance(profile.tradesPerMinute / 60)) return [];
  const offered = ticks.filter(({ symbol }) => profile.symbols.includes(symbol));
  const tick = offered[random.integer(0, offered.length - 1)];
  const instrument = DEMO_INSTRUMENTS.find(({ symbol }) => symbol === tick?.symbol);
  if (tick === undefined || instrument === undefined) return [];
  const fill = chooseFill(trader, tick, instrument);
  const fee = feeOf(profile.feeHabit, { ...fill, instrument }, prices);
  if (fill.quantity.isZero() || fee === null || !settle(holdings, { ...fill, instrument, fee })) {
    return [];
  }
  return [recordTrade(profile.id, { fill, fee, tick, instrument }, prices)];
}

type Prices = ReadonlyMap<string, Decimal>;

interface Fill {
  readonly side: "buy" | "sell";
  readonly price: Decimal;
  readonly quantity: Decimal;
}

interface Fee {
  readonly currency: string;
  readonly amount: Decimal;
}

function chooseFill(trader: Trader, tick: TickInput, instrument: DemoInstrument): Fill {
  const { random, holdings } = trader;
  const price = decimal(tick.price);
  const held = holdings.get(instrument.base) ?? ZERO;
  const side = held.gt(0) && random.chance(0.5) ? "sell" : "buy";
  const cash = holdings.get(instrument.quote) ?? ZERO;
  const whole = side === "sell" ? held : cash.div(price);
  const largest = side === "sell" ? LARGEST_SALE_SHARE : LARGEST_BUY_SHARE;
  const part = whole.times((random.uniform() * largest).toFixed(6));
  // 1 is the library's rounding towards zero: never more than there is.
  return { side, price, quantity: part.decimalPlaces(instrument.quantityDecimals, 1) };
}

interface InstrumentFill extends Fill {
  readonly instrument: DemoInstrument;
}

/** `null` while the third asset has no price yet. */
function feeOf(habit: FeeHabit, fill: InstrumentFill, prices: Prices): Fee | null {
  const { side, quantity, price, instrument } = fill;
  const rate = FEE_RATES[habit];
  const inQuote = product(product(price, quantity), rate);
  if (habit === "received" && side === "buy") {
    return fee(instrument.base, product(quantity, rate));
  }
  if (habit !== "third-asset") return fee(instrument.quote, inQuote);
  const assetPrice = prices.get(`${THIRD_ASSET}-${BASE_CURRENCY}`);
  const quoteRate = rateOf(instrument.quote, prices);
  if (assetPrice === undefined || quoteRate === null) return null;
  return fee(THIRD_ASSET, inQuote.times(quoteRate).div(assetPrice));
}

function fee(currency: string, amount: Decimal): Fee {
  return { currency, amount: amount.decimalPlaces(FEE_DECIMALS) };
}

/** The value of one unit in the base currency; `null` while there is no price. */
function rateOf(asset: string, prices: Prices): Decimal | null {
  if (asset === BASE_CURRENCY) return decimal("1");
  return prices.get(`${asset}-${BASE_CURRENCY}`) ?? null;
}

/** Books the fill, unless something would fall below zero: then false, and nothing changes. */
function settle(holdings: Map<string, Decimal>, fill: InstrumentFill & { fee: Fee }): boolean {
  const { side, quantity, price, instrument } = fill;
  const sign = side === "buy" ? 1 : -1;
  const after = new Map<string, Decimal>();
  const add = (asset: string, amount: Decimal) => {
    after.set(asset, (after.get(asset) ?? holdings.get(asset) ?? ZERO).plus(amount));
  };
  add(instrument.base, quantity.times(sign));
  add(instrument.quote, product(price, quantity).times(-sign));
  add(fill.fee.currency, fill.fee.amount.negated());
  if ([...after.values()].some((quantityAfter) => quantityAfter.lt(0))) return false;
  for (const [asset, quantityAfter] of after) holdings.set(asset, quantityAfter);
  return true;
}

interface Booking {
  readonly fill: Fill;
  readonly fee: Fee;
  readonly tick: TickInput;
  readonly instrument: DemoInstrument;
}

function recordTrade(portfolioId: string, booking: Booking, prices: Prices): CommandLine {
  const { fill, fee, tick, instrument } = booking;
  const quoteRate = instrument.quote === BASE_CURRENCY ? null : rateOf(instrument.quote, prices);
  const feeRate = fee.currency === THIRD_ASSET ? rateOf(THIRD_ASSET, prices) : null;
  return command(portfolioId, "RecordTrade", {
    instrumentId: instrument.id,
    tradeId: tick.tradeId,
    side: fill.side,
    price: decimalText(fill.price),
    quantity: decimalText(fill.quantity),
    fee: decimalText(fee.amount),
    feeCurrency: fee.currency,
    ...(quoteRate === null ? {} : { quoteRate: decimalText(quoteRate) }),
    ...(feeRate === null ? {} : { feeRate: decimalText(feeRate) }),
    liquidity: fee.amount.lt(0) ? "maker" : "taker",
    occurredAt: tick.timestamp,
  });
}

function command(id: string, type: string, data: CommandLine["data"]): CommandLine {
  return { aggregate: "portfolio", id, type, data };
}

/** Registers the market's instruments. */
export function registerDemoInstruments(): readonly CommandLine[] {
  return DEMO_INSTRUMENTS.map(({ id, exchange, symbol, base, quote, ...steps }) => {
    const data = {
      exchange,
      symbol,
      base,
      quote,
      kind: "spot",
      priceStep: stepText(steps.priceDecimals),
      quantityStep: stepText(steps.quantityDecimals),
    };
    return { aggregate: "instrument", id, type: "RegisterInstrument", data };
  });
}
