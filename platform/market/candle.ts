/**
 * Candles from ticks, and longer candles from minutes. The command side decides with this code and
 * the query side folds with it, so both come to the same figures. Pure.
 *
 * The product of each tick is rounded once, to 18 places, and sums are exact: no figure but open
 * and close depends on the order of the ticks, and those go by tick order, not by arrival.
 */
import { type Decimal, maximum, minimum, product, quotient, ZERO } from "../kernel/decimal.ts";
import { bucketStart, type Interval } from "./interval.ts";
import { compareTicks, type TickPlace } from "./tick-order.ts";

export interface Tick extends TickPlace {
  readonly price: Decimal;
  readonly volume: Decimal;
  /** The taker's side. */
  readonly side: "buy" | "sell" | "unknown";
}

/** A candle's figures as its event and its row carry them. */
export interface Candle {
  readonly openTimeMs: number;
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly close: Decimal;
  /** As the exchange counts it: contracts for most derivatives. */
  readonly volume: Decimal;
  /** In the quote currency. */
  readonly quoteVolume: Decimal;
  /** Sum of price · volume, the numerator of the VWAP. */
  readonly priceVolume: Decimal;
  /** Volume of taker buys. */
  readonly buyVolume: Decimal;
  /** `null` when the volume is 0. */
  readonly vwap: Decimal | null;
  readonly trades: number;
}

/** A candle that still takes ticks, in any order. */
export interface RunningCandle {
  readonly openTimeMs: number;
  first: Tick;
  last: Tick;
  high: Decimal;
  low: Decimal;
  volume: Decimal;
  priceVolume: Decimal;
  buyVolume: Decimal;
  trades: number;
}

/** A candle with its first tick. */
export function beginCandle(openTimeMs: number, tick: Tick): RunningCandle {
  return {
    openTimeMs,
    first: tick,
    last: tick,
    high: tick.price,
    low: tick.price,
    volume: tick.volume,
    priceVolume: product(tick.price, tick.volume),
    buyVolume: tick.side === "buy" ? tick.volume : ZERO,
    trades: 1,
  };
}

/** Changes `candle`. The last of equals in tick order closes, the first of them opens. */
export function addTick(candle: RunningCandle, tick: Tick): void {
  if (compareTicks(tick, candle.last) >= 0) candle.last = tick;
  else if (compareTicks(tick, candle.first) < 0) candle.first = tick;
  if (tick.price.gt(candle.high)) candle.high = tick.price;
  else if (tick.price.lt(candle.low)) candle.low = tick.price;
  candle.volume = candle.volume.plus(tick.volume);
  candle.priceVolume = candle.priceVolume.plus(product(tick.price, tick.volume));
  if (tick.side === "buy") candle.buyVolume = candle.buyVolume.plus(tick.volume);
  candle.trades += 1;
}

/** Changes `candle`: as if each tick of `other`, of whatever time, were added to it. */
function addCandle(candle: RunningCandle, other: Readonly<RunningCandle>): void {
  if (compareTicks(other.last, candle.last) >= 0) candle.last = other.last;
  if (compareTicks(other.first, candle.first) < 0) candle.first = other.first;
  candle.high = maximum(candle.high, other.high);
  candle.low = minimum(candle.low, other.low);
  candle.volume = candle.volume.plus(other.volume);
  candle.priceVolume = candle.priceVolume.plus(other.priceVolume);
  candle.buyVolume = candle.buyVolume.plus(other.buyVolume);
  candle.trades += other.trades;
}

/**
 * The figures so far. `contractSize` is the value of one contract in the quote currency, for
 * inverse contracts; `null` where volume counts the base asset.
 */
export function candleOf(running: RunningCandle, contractSize: Decimal | null): Candle {
  const { openTimeMs, first, last, high, low, volume, priceVolume, buyVolume, trades } = running;
  return {
    openTimeMs,
    open: first.price,
    high,
    low,
    close: last.price,
    volume,
    quoteVolume: contractSize === null ? priceVolume : product(volume, contractSize),
    priceVolume,
    buyVolume,
    vwap: vwapOf(running),
    trades,
  };
}

/** The figures that a VWAP is made of, of a candle or of any stretch of time. */
export type VwapFigures = Pick<Candle, "priceVolume" | "volume" | "high" | "low">;

/**
 * Sum of price · volume / sum of volume, rounded half-even to 18 places; `null` without volume. It
 * is kept between low and high, which the rounding of tiny volumes' products could leave.
 */
export function vwapOf({ priceVolume, volume, high, low }: VwapFigures): Decimal | null {
  if (volume.isZero()) return null;
  return minimum(maximum(quotient(priceVolume, volume), low), high);
}

export interface FoldingOptions {
  readonly interval: Interval;
  readonly contractSize: Decimal | null;
}

/** Candles of ticks given in any order; buckets without ticks have none. Ascending by time. */
export function foldTicks(ticks: Iterable<Tick>, options: FoldingOptions): Candle[] {
  const running = runningCandles(ticks, options.interval);
  return running.map((candle) => candleOf(candle, options.contractSize));
}

/** The same, of candles that may still take ticks. */
export function runningCandles(ticks: Iterable<Tick>, interval: Interval): RunningCandle[] {
  const running = new Map<number, RunningCandle>();
  for (const tick of ticks) {
    const openTimeMs = bucketStart(tick.timeMs, interval);
    const candle = running.get(openTimeMs);
    if (candle) addTick(candle, tick);
    else running.set(openTimeMs, beginCandle(openTimeMs, tick));
  }
  return [...running.values()].sort(byTime);
}

/** What `foldTicks` gives of all the ticks that shorter candles have taken. */
export function foldRunning(
  shorter: Iterable<Readonly<RunningCandle>>,
  { interval, contractSize }: FoldingOptions,
): Candle[] {
  const running = new Map<number, RunningCandle>();
  for (const one of shorter) {
    const openTimeMs = bucketStart(one.openTimeMs, interval);
    const candle = running.get(openTimeMs);
    if (candle) addCandle(candle, one);
    else running.set(openTimeMs, { ...one, openTimeMs });
  }
  return [...running.values()].sort(byTime).map((candle) => candleOf(candle, contractSize));
}

function byTime(a: RunningCandle, b: RunningCandle): number {
  return a.openTimeMs - b.openTimeMs;
}

/** Longer candles of shorter ones, which must ascend by time; a RangeError when they do not. */
export function mergeCandles(candles: Iterable<Candle>, interval: Interval): Candle[] {
  const buckets: Candle[][] = [];
  let openTimeMs = Number.NEGATIVE_INFINITY;
  for (const candle of candles) {
    const bucketMs = bucketStart(candle.openTimeMs, interval);
    if (bucketMs > openTimeMs) buckets.push([]);
    openTimeMs = bucketMs;
    buckets.at(-1)?.push(candle);
  }
  return buckets.map((parts) => {
    return combineCandles(bucketStart(parts[0]?.openTimeMs ?? 0, interval), parts);
  });
}

/**
 * One candle over all of `parts`, at least one, ascending by time: a longer candle, or the figures
 * of any stretch of time.
 */
export function combineCandles(openTimeMs: number, parts: readonly Candle[]): Candle {
  const [first, ...others] = parts;
  if (!first) throw new RangeError("no candle to combine");
  const sum = { ...first, openTimeMs };
  let partMs = first.openTimeMs;
  for (const part of others) {
    if (part.openTimeMs <= partMs) throw new RangeError("candles must ascend by time");
    partMs = part.openTimeMs;
    sum.high = maximum(sum.high, part.high);
    sum.low = minimum(sum.low, part.low);
    sum.close = part.close;
    sum.volume = sum.volume.plus(part.volume);
    sum.quoteVolume = sum.quoteVolume.plus(part.quoteVolume);
    sum.priceVolume = sum.priceVolume.plus(part.priceVolume);
    sum.buyVolume = sum.buyVolume.plus(part.buyVolume);
    sum.trades += part.trades;
  }
  return { ...sum, vwap: vwapOf(sum) };
}
