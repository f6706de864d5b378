import { type Decimal, decimalText, quotient } from "../../platform/kernel/decimal.ts";
import { type Candle, combineCandles } from "../../platform/market/candle.ts";
import {
  bucketEnd,
  bucketStart,
  DAY_MS,
  isFoldedFromTicks,
  minuteOf,
} from "../../platform/market/interval.ts";
import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { timeOrdered } from "../runner/sql-conditions.ts";
import { integer, type SqlRow, text } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../runner/sqlite-query.ts";
import type { TableIndex } from "../runner/stored-table.ts";
import { candlesOfMinutes, candlesOfSeconds, filled, rowOf } from "./candle-pages.ts";
import { KeptSeconds } from "./kept-seconds.ts";
import { instrumentOf, textOf, tickOf } from "./sqlite-rows.ts";
import { minuteFrom, SqliteMarketSource } from "./sqlite-source.ts";
import type {
  CandlePage,
  CandleRow,
  CandlesRequest,
  Instrument,
  LastPrice,
  MarketReader,
  SpotPrice,
  Ticker,
  TickPage,
  TickPlace,
  TimeRange,
  Vwap,
} from "./store.ts";
import { TooMuch } from "./too-much.ts";

/** Ticks and candles are kept in the order that every query wants. */
export const indexes: readonly TableIndex[] = [
  { table: "instruments", columns: ["base", "quote"] },
];

/** The market read model in SQLite. */
export class SqliteMarketReader implements MarketReader {
  readonly #queries: SqliteQueries;
  readonly #kept = new KeptSeconds();

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  async instruments(page: PageRequest<string>): Promise<Page<Instrument, string>> {
    const sql = `${SELECT_INSTRUMENTS} WHERE i.instrumentId > ? ORDER BY i.instrumentId LIMIT ?`;
    const rows = this.#queries.all(sql, [page.after ?? "", page.limit + 1]);
    const found = rows.map((row) => this.#instrument(row));
    return pageOf(found, page.limit, ({ instrumentId }) => instrumentId);
  }

  async instrument(instrumentId: string): Promise<Instrument | null> {
    const row = this.#queries.get(`${SELECT_INSTRUMENTS} WHERE i.instrumentId = ?`, [instrumentId]);
    return row === null ? null : this.#instrument(row);
  }

  async lastPrice(instrumentId: string): Promise<LastPrice | null> {
    const tick = this.#source(instrumentId)?.lastTickBefore(Number.MAX_SAFE_INTEGER);
    if (!tick) return null;
    const { price, volume, side, timeMs } = tick;
    return { price: decimalText(price), volume: decimalText(volume), side, timeMs };
  }

  async spotPrices(assets: readonly string[]): Promise<readonly SpotPrice[]> {
    const known = JSON.stringify(assets);
    return this.#queries.all(SELECT_SPOT_PRICES, [known, known]).map((row) => ({
      instrumentId: text(row, "instrumentId"),
      base: text(row, "base"),
      quote: text(row, "quote"),
      price: text(row, "price"),
      atMs: integer(row, "timeMs"),
    }));
  }

  async ticker(instrumentId: string, endMs: number | null): Promise<Ticker | null> {
    const source = this.#source(instrumentId);
    const toMs = endMs ?? (source?.clock.lastTickMs ?? 0) + 1;
    const last = source?.lastTickBefore(toMs);
    if (!source || !last) return null;
    const range = { fromMs: toMs - DAY_MS, toMs };
    const window = await windowCandle(source, range);
    const previous = source.lastTickBefore(range.fromMs);
    return {
      timestampMs: last.timeMs,
      ...range,
      last: decimalText(last.price),
      close: decimalText(last.price),
      previousClose: textOf(previous?.price ?? null),
      ...tickerFigures(window, last.price),
    };
  }

  async ticks(
    instrumentId: string,
    range: TimeRange,
    page: PageRequest<TickPlace> & { readonly newestFirst?: boolean },
  ): Promise<TickPage> {
    const { after, limit, newestFirst } = page;
    const inOrder = timeOrdered({
      columns: TICK_ORDER,
      after: after === null ? null : [after.timeMs, after.orderId, after.ordinal, after.era],
      newestFirst,
      ...range,
    });
    const rows = this.#queries.all(
      `SELECT * FROM ticks WHERE instrumentId = ? AND ${inOrder.sql}
       ORDER BY ${inOrder.orderBy} LIMIT ?`,
      [instrumentId, ...inOrder.values, limit + 1],
    );
    return pageOf(rows.map(tickOf), limit, ({ timeMs, orderId, ordinal, era }) => {
      return { timeMs, orderId, ordinal, era };
    });
  }

  async candles(instrumentId: string, request: CandlesRequest): Promise<CandlePage> {
    const source = this.#source(instrumentId);
    if (source === null) return { candles: [], nextFromMs: null };
    const range = alignedRange(source, request);
    const rows = candleRows(source, range, request);
    return pageOfCandles(rows, request);
  }

  async vwap(instrumentId: string, range: TimeRange): Promise<Vwap> {
    const source = this.#source(instrumentId);
    const window = source === null ? null : await windowCandle(source, range);
    return {
      ...range,
      vwap: textOf(window?.vwap ?? null),
      volume: textOf(window?.volume ?? null) ?? "0",
      quoteVolume: textOf(window?.quoteVolume ?? null) ?? "0",
      trades: window?.trades ?? 0,
    };
  }

  #source(instrumentId: string): SqliteMarketSource | null {
    return SqliteMarketSource.open({ queries: this.#queries, instrumentId, kept: this.#kept });
  }

  #instrument(row: SqlRow): Instrument {
    const sql = "SELECT symbol FROM aliases WHERE instrumentId = ? ORDER BY symbol";
    const aliases = this.#queries.all(sql, [text(row, "instrumentId")]);
    return instrumentOf(
      row,
      aliases.map((alias) => text(alias, "symbol")),
    );
  }
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
function alignedRange(source: SqliteMarketSource, request: CandlesRequest): TimeRange {
  const { interval, fromMs } = request;
  const startMs = bucketStart(fromMs, interval);
  const { lastTickMs, closedThroughMs } = source.clock;
  const dataEndMs = Math.max(closedThroughMs, (lastTickMs ?? 0) + 1);
  return {
    fromMs: startMs < fromMs ? bucketEnd(fromMs, interval) : startMs,
    toMs: request.toMs ?? dataEndMs,
  };
}

function candleRows(
  source: SqliteMarketSource,
  range: TimeRange,
  { interval, fill, nowMs }: CandlesRequest,
): AsyncIterable<CandleRow> {
  const { closedThroughMs } = source.clock;
  const options = { interval, closedThroughMs };
  const rows = mapped(candlesIn(source, range, interval), (candle) => rowOf(candle, options));
  if (fill === "none") return rows;
  const before = source.lastTickBefore(range.fromMs);
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
  source: SqliteMarketSource,
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
async function windowCandle(source: SqliteMarketSource, range: TimeRange): Promise<Candle | null> {
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

const TICK_ORDER = ["timeMs", "orderId", "ordinal", "era"];

// Events of the first version say no kind; they were of spot instruments.
const SELECT_SPOT_PRICES = `
  SELECT i.instrumentId, i.base, i.quote, t.price, t.timeMs
  FROM instruments i JOIN ticks t ON t.instrumentId = i.instrumentId
    AND (t.timeMs, t.orderId, t.ordinal, t.era) = (
      SELECT timeMs, orderId, ordinal, era FROM ticks WHERE instrumentId = i.instrumentId
      ORDER BY timeMs DESC, orderId DESC, ordinal DESC, era DESC LIMIT 1)
  WHERE i.kind IN ('spot', '') AND i.base IN (SELECT value FROM json_each(?))
    AND i.quote IN (SELECT value FROM json_each(?))
  ORDER BY i.instrumentId`;

const SELECT_INSTRUMENTS = `
  SELECT i.*, s.symbol, t.priceStep, t.quantityStep, t.minQuantity, t.minNotional, v.version,
         d.effectiveMs AS delistedMs, d.reason AS delistedReason
  FROM instruments i JOIN symbols s USING (instrumentId) JOIN steps t USING (instrumentId)
    JOIN versions v USING (instrumentId) LEFT JOIN delistings d USING (instrumentId)`;
