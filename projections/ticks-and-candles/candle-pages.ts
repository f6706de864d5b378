import { type Decimal, decimalText, ZERO } from "../../platform/kernel/decimal.ts";
import { type Candle, foldRunning, mergeCandles } from "../../platform/market/candle.ts";
import { bucketEnd, type Interval } from "../../platform/market/interval.ts";
import type { FoldedSecond } from "./folded-seconds.ts";
import type { CandleRow } from "./store.ts";

/** Collects what ascends by time into buckets of the interval, each handed out when it is full. */
async function* bucketsOf<Item>(
  pieces: AsyncIterable<readonly Item[]>,
  interval: Interval,
  timeMsOf: (item: Item) => number,
): AsyncGenerator<readonly Item[]> {
  let endMs = Number.NEGATIVE_INFINITY;
  let bucket: Item[] = [];
  for await (const piece of pieces) {
    for (const item of piece) {
      if (timeMsOf(item) >= endMs) {
        if (bucket.length > 0) yield bucket;
        bucket = [];
        endMs = bucketEnd(timeMsOf(item), interval);
      }
      bucket.push(item);
    }
  }
  if (bucket.length > 0) yield bucket;
}

/** Candles of the interval from minutes. */
export async function* candlesOfMinutes(
  minutes: AsyncIterable<readonly Candle[]>,
  interval: Interval,
): AsyncGenerator<Candle> {
  for await (const bucket of bucketsOf(minutes, interval, ({ openTimeMs }) => openTimeMs)) {
    yield* mergeCandles(bucket, interval);
  }
}

/** Candles of the interval from folded seconds, for intervals shorter than a minute. */
export async function* candlesOfSeconds(
  seconds: AsyncIterable<readonly FoldedSecond[]>,
  options: { readonly interval: Interval; readonly contractSize: Decimal | null },
): AsyncGenerator<Candle> {
  for await (const bucket of bucketsOf(seconds, options.interval, (one) => one.openTimeMs)) {
    yield* foldRunning(bucket, options);
  }
}

export interface RowOptions {
  readonly interval: Interval;
  readonly closedThroughMs: number;
}

export function rowOf(candle: Candle, { interval, closedThroughMs }: RowOptions): CandleRow {
  const closeTimeMs = bucketEnd(candle.openTimeMs, interval);
  return {
    openTimeMs: candle.openTimeMs,
    closeTimeMs,
    open: decimalText(candle.open),
    high: decimalText(candle.high),
    low: decimalText(candle.low),
    close: decimalText(candle.close),
    volume: decimalText(candle.volume),
    quoteVolume: decimalText(candle.quoteVolume),
    buyVolume: decimalText(candle.buyVolume),
    vwap: candle.vwap === null ? null : decimalText(candle.vwap),
    trades: candle.trades,
    complete: closeTimeMs <= closedThroughMs,
    filled: false,
  };
}

/** A bucket without a trade: flat at the close before it. */
function flatRow(openTimeMs: number, close: string, options: RowOptions): CandleRow {
  const closeTimeMs = bucketEnd(openTimeMs, options.interval);
  const none = decimalText(ZERO);
  return {
    openTimeMs,
    closeTimeMs,
    open: close,
    high: close,
    low: close,
    close,
    volume: none,
    quoteVolume: none,
    buyVolume: none,
    vwap: null,
    trades: 0,
    complete: closeTimeMs <= options.closedThroughMs,
    filled: true,
  };
}

/** Puts flat rows where buckets are missing, from `fromMs` until before `toMs`. */
export async function* filled(
  rows: AsyncIterable<CandleRow>,
  gap: RowOptions & {
    readonly fromMs: number;
    readonly toMs: number;
    /** The close before `fromMs`; buckets before the first trade ever stay missing. */
    readonly closeBefore: string | null;
  },
): AsyncGenerator<CandleRow> {
  let nextMs = gap.fromMs;
  let close = gap.closeBefore;
  for await (const row of rows) {
    if (close !== null) yield* flatRows({ ...gap, fromMs: nextMs, toMs: row.openTimeMs }, close);
    yield row;
    nextMs = row.closeTimeMs;
    close = row.close;
  }
  if (close !== null) yield* flatRows({ ...gap, fromMs: nextMs }, close);
}

function* flatRows(
  gap: RowOptions & { readonly fromMs: number; readonly toMs: number },
  close: string,
): Generator<CandleRow> {
  for (let openMs = gap.fromMs; openMs < gap.toMs; openMs = bucketEnd(openMs, gap.interval)) {
    yield flatRow(openMs, close, gap);
  }
}
