import { BigNumber } from "bignumber.js";
import type { TickData } from "../../../command-side/contexts/market-data/instrument/commands.ts";
import { decimal } from "../../../platform/kernel/decimal.ts";
import type { CandleRow } from "../../../projections/ticks-and-candles/store.ts";

/** Tick files of the sample data and the candles that others computed from them. */
export const REFERENCES = [
  {
    file: "binance-spot_btcusdt-ethusdt_2024-08-08.csv.gz",
    reference: "ohlcv-1s_binance-spot_btcusdt-ethusdt_2024-08-08.csv.gz",
    interval: "1s",
  },
  {
    file: "binance-spot_btcusdt-ethusdt_2024-08-08.csv.gz",
    reference: "ohlcv-1m_binance-spot_btcusdt-ethusdt_2024-08-08.csv.gz",
    interval: "1m",
  },
  {
    file: "kraken_btcusd_2019-07-01.csv.gz",
    reference: "ohlcv-1m_kraken_btcusd_2019-07-01.csv.gz",
    interval: "1m",
  },
  {
    file: "bitstamp_btcusd_2011-09_2012-05.csv.gz",
    reference: "ohlcv-1d_bitstamp_btcusd_2011-09_2012-05.csv.gz",
    interval: "1d",
  },
] as const;

export const REFERENCE_FIELDS =
  "timestamp open high low close volume quote_volume trades buy_volume vwap".split(" ");

export function referenceLine(row: CandleRow): string {
  const vwap = decimal(row.vwap ?? "0").toFixed(12, BigNumber.ROUND_HALF_EVEN);
  const { openTimeMs, open, high, low, close: last, volume, quoteVolume, trades, buyVolume } = row;
  return [openTimeMs, open, high, low, last, volume, quoteVolume, trades, buyVolume, vwap].join();
}

/** The id where the file has one; else equal trades are told apart by their place in the file. */
export function tickOfRow(row: Record<string, string>, index: number): TickData {
  const id = row.trade_id ?? "";
  const isNumber = /^[1-9]\d{0,14}$/.test(id);
  return {
    timeMs: Number(row.timestamp),
    price: decimal(row.price ?? ""),
    volume: decimal(row.volume ?? ""),
    side: row.side === "buy" || row.side === "sell" ? row.side : "unknown",
    tradeId: id === "" ? null : isNumber ? Number(id) : id,
    occurrence: id === "" ? index : 0,
  };
}
