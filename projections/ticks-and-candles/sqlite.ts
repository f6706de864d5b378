import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { timeOrdered } from "../runner/sql-conditions.ts";
import { integer, type SqlRow, text } from "../runner/sql-row.ts";
import type { TableIndex } from "../runner/stored-table.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import { KeptSeconds } from "./kept-seconds.ts";
import { candlesOf, lastPriceOf, tickerOf, vwapOf } from "./market-figures.ts";
import { instrumentOf, placeOf, tickOf } from "./rows.ts";
import { SqliteMarketSource } from "./sqlite-source.ts";
import type {
  CandlePage,
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
    return lastPriceOf(this.#source(instrumentId));
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
    return tickerOf(this.#source(instrumentId), endMs);
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
    return pageOf(rows.map(tickOf), limit, placeOf);
  }

  async candles(instrumentId: string, request: CandlesRequest): Promise<CandlePage> {
    return candlesOf(this.#source(instrumentId), request);
  }

  async vwap(instrumentId: string, range: TimeRange): Promise<Vwap> {
    return vwapOf(this.#source(instrumentId), range);
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
