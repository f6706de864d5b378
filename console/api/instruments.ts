import { at, type Call, withQuery } from "./call.ts";
import { decimal, flag, list, number, optional, shape, text } from "./shape.ts";

const INSTRUMENTS_A_PAGE = 25;

const instrument = shape({
  instrumentId: text,
  exchange: text,
  symbol: text,
  base: text,
  quote: text,
  kind: text,
  status: text,
  priceStep: decimal,
  quantityStep: decimal,
});

const lastPrice = optional(shape({ price: decimal, volume: decimal, timestamp: number }));

const ticker = optional(
  shape({
    open: optional(decimal),
    high: optional(decimal),
    low: optional(decimal),
    last: decimal,
    vwap: optional(decimal),
    change: optional(decimal),
    percentage: optional(number),
    baseVolume: decimal,
    quoteVolume: decimal,
    trades: number,
    timestamp: number,
  }),
);

const candle = shape({
  openTime: text,
  closeTime: text,
  open: decimal,
  high: decimal,
  low: decimal,
  close: decimal,
  volume: decimal,
  vwap: optional(decimal),
  trades: number,
  complete: flag,
});

export type Instrument = ReturnType<typeof instrument>;
export type Ticker = ReturnType<typeof ticker>;
export type Candle = ReturnType<typeof candle>;

export const INTERVALS = ["1m", "5m", "15m", "1h", "4h", "1d"] as const;

export function listInstruments(cursor: string | null): Call<readonly Instrument[]> {
  const page = { limit: INSTRUMENTS_A_PAGE, cursor };
  return { ...withQuery(at`/v1/instruments`, page), read: list(instrument) };
}

export function getInstrument(id: string): Call<Instrument> {
  const cli = `cipherhorizon aggregates show instrument ${id}`;
  return { ...at`/v1/instruments/${id}`, read: instrument, cli };
}

export function getLastPrice(id: string): Call<ReturnType<typeof lastPrice>> {
  return { ...at`/v1/instruments/${id}/last-price`, read: lastPrice };
}

export function getTicker(id: string): Call<Ticker> {
  return { ...at`/v1/instruments/${id}/ticker`, read: ticker };
}

export interface CandleRange {
  readonly interval: string;
  readonly limit: number;
  /** ISO-8601; `null`: up to the running candle. */
  readonly to: string | null;
}

export function listCandles(id: string, range: CandleRange): Call<readonly Candle[]> {
  const { interval, limit, to } = range;
  const address = withQuery(at`/v1/instruments/${id}/candles`, { interval, limit, to });
  return { ...address, read: list(candle) };
}

/** The candles of one minute as they are decided; what a longer interval needs is asked for. */
export function candleStreamPath(id: string): string {
  return at`/v1/stream/candles/${id}`.path;
}
