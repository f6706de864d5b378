import { type Decimal, decimalText, quotient } from "../../platform/kernel/decimal.ts";
import { type Candle, combineCandles } from "../../platform/market/candle.ts";
import {
  bucketEnd,
  bucketStart,
  DAY_MS,
  isFoldedFromTicks,
  MINUTE_MS,
  minuteOf,
} from "../../platform/market/interval.ts";
import { candlesOfMinutes, candlesOfSeconds, filled, rowOf } from "./candle-pages.ts";
import type { MarketSource } from "./market-source.ts";
import { textOf } from "./rows.ts";
import type {
  CandlePage,
  CandleRow,
  CandlesRequest,
  LastPrice,
  Ticker,
  TimeRange,
  Vwap,
} from "./store.ts";
import { TooMuch } from "./too-much.ts";

/**
 * What is reckoned from ticks and minutes, alike for every store. A source of `null` is an
 * instrument that is not known.
 */
export async function lastPriceOf(source: MarketSource | null): Promise<LastPrice | null> {
  const tick = await source?.lastTickBefore(Number.MAX_SAFE_INTEGER);
  if (!tick) return null;
  const { price, volume, side, timeMs } = tick;
  return { price: decimalText(price), volume: decimalText(volume), side, timeMs };
}

/** 24 hours up to `endMs`; with `null` up to and with the last trade. */
export async function tickerOf(
  source: MarketSource | null,
  endMs: number | null,
): Promise<Ticker | null> {
  const toMs = endMs ?? (source?.clock.lastTickMs ?? 0) + 1;
  const last = await source?.lastTickBefore(toMs);
  if (!source || !last) return null;
  const range = { fromMs: toMs - DAY_MS, toMs };
  const window = await windowCandle(source, range);
  const previous = await source.lastTickBefore(range.fromMs);
  return {
    timestampMs: last.timeMs,
    ...range,
    last: decimalText(last.price),
    close: decimalText(last.price),
    previousClose: textOf(previous?.price ?? null),
    ...tickerFigures(window, last.price),
  };
}

export async function candlesOf(
  source: MarketSource | null,
  request: CandlesRequest,
): Promise<CandlePage> {
  if (source === null) return { candles: [], nextFromMs: null };
  const range = alignedRange(source, request);
  return pageOfCandles(await candleRows(source, range, request), request);
}

export async function vwapOf(source: MarketSource | null, range: TimeRange): Promise<Vwap> {
  const window = source === null ? null : await windowCandle(source, range);
  return {
    ...range,
    vwap: textOf(window?.vwap ?? null),
    volume: textOf(window?.volume ?? null) ?? "0",
    quoteVolume: textOf(window?.quoteVolume ?? null) ?? "0",
    trades: window?.trades ?? 0,
  };
}

/** Where a range holds more than one query reads, the page ends after its last whole candle. */
async function pageOfCandles(
  rows: AsyncIterable<CandleRow>,
  { limit, interval }: CandlesRequest,
): Promise<CandlePage> {
  const candles: CandleRow[] = [];
  try {
    for await (const row of rows) {
      if (candles.length === limit) return { candles, nextFromMs: row.openTimeMs };
      candles.push(row);
    }
  } catch (error) {
    const last = candles.at(-1);
    if (!(error instanceof TooMuch) || last === undefined) throw error;
    return { candles, nextFromMs: bucketEnd(last.openTimeMs, interval) };
  }
  return { candles, nextFromMs: null };
}

/** Whole buckets: the first that begins in the range, and up to the end of the data or the range. */
function alignedRange(source: MarketSource, request: CandlesRequest): TimeRange {
  const { interval, fromMs } = request;
  const startMs = bucketStart(fromMs, interval);
  const { lastTickMs, closedThroughMs } = source.clock;
  const dataEndMs = Math.max(closedThroughMs, (lastTickMs ?? 0) + 1);
  return {
    fromMs: startMs < fromMs ? bucketEnd(fromMs, interval) : startMs,
    toMs: request.toMs ?? dataEndMs,
  };
}

async function candleRows(
  source: MarketSource,
  range: TimeRange,
  { interval, fill, nowMs }: CandlesRequest,
): Promise<AsyncIterable<CandleRow>> {
  const { closedThroughMs } = source.clock;
  const options = { interval, closedThroughMs };
  const rows = mapped(candlesIn(source, range, interval), (candle) => rowOf(candle, options));
  if (fill === "none") return rows;
  const before = await source.lastTickBefore(range.fromMs);
  const toMs = Math.min(range.toMs, Math.max(nowMs, closedThroughMs));
  return filled(rows, {
    ...options,
    fromMs: range.fromMs,
    toMs,
    closeBefore: textOf(before?.price ?? null),
  });
}

/** A bucket that begins in the range is whole, even where the range ends inside it. */
function candlesIn(
  source: MarketSource,
  { fromMs, toMs }: TimeRange,
  interval: CandlesRequest["interval"],
): AsyncIterable<Candle> {
  const endMs = bucketEnd(toMs - 1, interval);
  const { contractSize } = source.clock;
  if (isFoldedFromTicks(interval)) {
    return candlesOfSeconds(source.seconds({ fromMs, toMs: endMs }), { interval, contractSize });
  }
  return candlesOfMinutes(source.minutes({ fromMs, toMs: endMs }), interval);
}

/** One candle of any window, exact: whole minutes from candles, what is cut from ticks. */
async function windowCandle(source: MarketSource, range: TimeRange): Promise<Candle | null> {
  const { fromMs, toMs } = range;
  const firstMinuteMs = minuteFrom(fromMs);
  const lastMinuteMs = minuteOf(toMs);
  const parts: Candle[] = [];
  if (firstMinuteMs > lastMinuteMs) parts.push(...(await source.foldedMinutes(range)));
  else {
    parts.push(...(await source.foldedMinutes({ fromMs, toMs: firstMinuteMs })));
    for await (const piece of source.minutes({ fromMs: firstMinuteMs, toMs: lastMinuteMs })) {
      parts.push(...piece);
    }
    parts.push(...(await source.foldedMinutes({ fromMs: lastMinuteMs, toMs })));
  }
  return parts.length === 0 ? null : combineCandles(fromMs, parts);
}

type TickerFigures = Omit<
  Ticker,
  "timestampMs" | "fromMs" | "toMs" | "last" | "close" | "previousClose"
>;

function tickerFigures(window: Candle | null, last: Decimal): TickerFigures {
  const open = window?.open ?? null;
  const change = open === null ? null : last.minus(open);
  const share = change === null || !open || open.isZero() ? null : quotient(change, open);
  return {
    open: textOf(open),
    high: textOf(window?.high ?? null),
    low: textOf(window?.low ?? null),
    vwap: textOf(window?.vwap ?? null),
    average: open === null ? null : decimalText(last.plus(open).div(2)),
    change: textOf(change),
    percentage: share === null ? null : share.times(100).toNumber(),
    baseVolume: textOf(window?.volume ?? null) ?? "0",
    quoteVolume: textOf(window?.quoteVolume ?? null) ?? "0",
    trades: window?.trades ?? 0,
  };
}

async function* mapped<A, B>(items: AsyncIterable<A>, map: (item: A) => B): AsyncGenerator<B> {
  for await (const item of items) yield map(item);
}

/** The first whole minute at or after `timeMs`. */
function minuteFrom(timeMs: number): number {
  return minuteOf(timeMs + MINUTE_MS - 1);
}
