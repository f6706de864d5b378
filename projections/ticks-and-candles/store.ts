import type { Interval } from "../../platform/market/interval.ts";
import type { Page, PageRequest } from "../runner/page.ts";
import type { Tables } from "../runner/projection.ts";

/**
 * The read model of market data. What is registered, renamed and delisted stands in tables of its
 * own, for each row is written whole by one kind of event. Candles are stored by the minute, once
 * the instrument has closed them; what is longer, shorter or still open is folded by the query.
 */
export const tables = {
  instruments: {
    key: { instrumentId: "text" },
    columns: {
      exchange: "text",
      base: "text",
      quote: "text",
      kind: "text",
      contractSize: "decimal",
      expiryMs: "integer",
      registeredAtMs: "integer",
    },
    immutable: true,
  },
  /** The exchange's spelling today. */
  symbols: {
    key: { instrumentId: "text" },
    columns: { symbol: "text", effectiveMs: "integer" },
  },
  steps: {
    key: { instrumentId: "text" },
    columns: {
      priceStep: "decimal",
      quantityStep: "decimal",
      minQuantity: "decimal",
      minNotional: "decimal",
      effectiveMs: "integer",
    },
  },
  aliases: {
    key: { instrumentId: "text", symbol: "text" },
    columns: { effectiveMs: "integer" },
    immutable: true,
  },
  delistings: {
    key: { instrumentId: "text" },
    columns: { reason: "text", effectiveMs: "integer" },
    immutable: true,
  },
  /** The newest event of each instrument. */
  versions: {
    key: { instrumentId: "text" },
    columns: { version: "integer" },
  },
  /**
   * The key is the order of ticks. `orderId` is the exchange's id where its ids are numbers that
   * rise, else the largest safe integer; `era` counts the rounds of the ordinals of late ticks.
   */
  ticks: {
    key: {
      instrumentId: "text",
      timeMs: "integer",
      orderId: "integer",
      ordinal: "integer",
      era: "integer",
    },
    columns: {
      price: "decimal",
      volume: "decimal",
      side: "text",
      /** The exchange's id where it is not in `orderId`. */
      tradeId: "text",
    },
    immutable: true,
  },
  /** One-minute candles as the instrument decided them; a revision replaces its row. */
  minutes: {
    key: { instrumentId: "text", openTimeMs: "integer" },
    columns: {
      open: "decimal",
      high: "decimal",
      low: "decimal",
      close: "decimal",
      volume: "decimal",
      quoteVolume: "decimal",
      priceVolume: "decimal",
      buyVolume: "decimal",
      vwap: "decimal",
      trades: "integer",
      revision: "integer",
      cause: "text",
    },
  },
  /**
   * Minutes with ticks that no candle row counts: those still open, and those that got ticks when
   * the instrument no longer held them. The query folds them from their ticks.
   */
  openMinutes: {
    key: { instrumentId: "text", openTimeMs: "integer" },
    columns: {},
  },
  /** Up to where event time has come: what ended before it, less the lateness, is closed. */
  watermarks: {
    key: { instrumentId: "text" },
    columns: { watermarkMs: "integer" },
  },
} as const satisfies Tables;

/** `orderId` of ticks whose id does not order them: they come after those whose id does. */
export const NO_ORDER_ID = Number.MAX_SAFE_INTEGER;

/** Decimals are canonical text; `…Ms` are epoch ms. */
export interface Instrument {
  readonly instrumentId: string;
  readonly exchange: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly kind: string;
  readonly status: "listed" | "delisted";
  readonly priceStep: string;
  readonly quantityStep: string;
  readonly minQuantity: string | null;
  readonly minNotional: string | null;
  readonly contractSize: string | null;
  /** When a future expires; `null` for the rest. */
  readonly expiryMs: number | null;
  readonly aliases: readonly string[];
  readonly registeredAtMs: number;
  readonly delistedMs: number | null;
  readonly delistedReason: string | null;
  /** The instrument's sequence: its version for `If-Match`. */
  readonly version: number;
}

export interface Tick {
  readonly timeMs: number;
  readonly ordinal: number;
  readonly era: number;
  readonly price: string;
  readonly volume: string;
  readonly side: string;
  readonly tradeId: string | null;
}

/** A place in the order of ticks, as the key of their table has it. */
export interface TickPlace {
  readonly timeMs: number;
  readonly orderId: number;
  readonly ordinal: number;
  readonly era: number;
}

export type TickPage = Page<Tick, TickPlace>;

export interface TimeRange {
  /** Inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

export interface LastPrice {
  readonly price: string;
  readonly volume: string;
  readonly side: string;
  readonly timeMs: number;
}

/** Figures of a window under the names of ccxt's ticker; `null` where no trade says them. */
/** So many of `quote` for one of `base`; the price is canonical text. */
export interface SpotPrice {
  readonly instrumentId: string;
  readonly base: string;
  readonly quote: string;
  readonly price: string;
  readonly atMs: number;
}

export interface Ticker {
  /** Time of the last trade. */
  readonly timestampMs: number;
  /** The window: 24 hours before its end. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly last: string;
  readonly close: string;
  readonly previousClose: string | null;
  readonly vwap: string | null;
  readonly average: string | null;
  readonly change: string | null;
  /** change / open in percent. */
  readonly percentage: number | null;
  readonly baseVolume: string;
  readonly quoteVolume: string;
  readonly trades: number;
}

export interface CandleRow {
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly buyVolume: string;
  readonly vwap: string | null;
  readonly trades: number;
  /** False while trades may still change it in the ordinary course of things. */
  readonly complete: boolean;
  /** True where no trade happened and the previous close stands in. */
  readonly filled: boolean;
}

export interface CandlesRequest {
  readonly interval: Interval;
  /** Inclusive; a bucket that begins earlier is left out. */
  readonly fromMs: number;
  /** Exclusive; `null` as far as the data goes. */
  readonly toMs: number | null;
  readonly limit: number;
  /** `previous`: buckets without a trade get a flat candle at the close before them. */
  readonly fill: "none" | "previous";
  /** The clock of who asks: nothing is filled beyond it. */
  readonly nowMs: number;
}

export interface CandlePage {
  readonly candles: readonly CandleRow[];
  /** Opening time to go on from; `null` when the range is exhausted. */
  readonly nextFromMs: number | null;
}

export interface Vwap extends TimeRange {
  /** Σ price · volume / Σ volume, rounded once; `null` when no volume was traded. */
  readonly vwap: string | null;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly trades: number;
}

/** What can be asked of the read model; one adapter per server behind it. */
export interface MarketReader {
  instruments(page: PageRequest<string>): Promise<Page<Instrument, string>>;
  instrument(instrumentId: string): Promise<Instrument | null>;
  lastPrice(instrumentId: string): Promise<LastPrice | null>;
  /** The latest price of every spot instrument, delisted or not, between two of these assets. */
  spotPrices(assets: readonly string[]): Promise<readonly SpotPrice[]>;
  /** 24 hours up to `endMs`; with `null` up to and with the last trade. `null` without trades. */
  ticker(instrumentId: string, endMs: number | null): Promise<Ticker | null>;
  ticks(
    instrumentId: string,
    range: TimeRange,
    page: PageRequest<TickPlace> & { readonly newestFirst?: boolean },
  ): Promise<TickPage>;
  candles(instrumentId: string, request: CandlesRequest): Promise<CandlePage>;
  /** Exact: of the trades in the window, not of typical prices. */
  vwap(instrumentId: string, range: TimeRange): Promise<Vwap>;
}
