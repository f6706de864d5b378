import { z } from "zod";
import { shown } from "../reading/row-json.ts";

/** The rows of the market-data queries, as the API document shows them. */
const { decimal, time, text, count } = shown;

export const instrument = z.object({
  instrumentId: text,
  exchange: text,
  symbol: text,
  base: text,
  quote: text,
  kind: text,
  status: z.enum(["listed", "delisted"]),
  priceStep: decimal,
  quantityStep: decimal,
  minQuantity: decimal.nullable(),
  minNotional: decimal.nullable(),
  contractSize: decimal.nullable(),
  aliases: z.array(text),
  registeredAt: time,
  delistedAt: time.nullable(),
  delistedReason: text.nullable(),
  version: count,
});

export const lastPrice = z.object({
  price: decimal,
  volume: decimal,
  side: z.enum(["buy", "sell", "unknown"]),
  timestamp: z.int(),
});

export const ticker = z.object({
  timestamp: z.int(),
  from: time,
  to: time,
  open: decimal.nullable(),
  high: decimal.nullable(),
  low: decimal.nullable(),
  last: decimal,
  close: decimal,
  previousClose: decimal.nullable(),
  vwap: decimal.nullable(),
  average: decimal.nullable(),
  change: decimal.nullable(),
  percentage: z.number().nullable(),
  baseVolume: decimal,
  quoteVolume: decimal,
  trades: count,
});

export const tick = z.object({
  timestamp: z.int(),
  ordinal: count,
  era: count,
  price: decimal,
  volume: decimal,
  side: z.enum(["buy", "sell", "unknown"]),
  tradeId: text.nullable(),
});

export const candle = z.object({
  openTime: time,
  closeTime: time,
  open: decimal,
  high: decimal,
  low: decimal,
  close: decimal,
  volume: decimal,
  quoteVolume: decimal,
  buyVolume: decimal,
  vwap: decimal.nullable(),
  trades: count,
  complete: z.boolean(),
  filled: z.boolean(),
});

export const vwap = z.object({
  from: time,
  to: time,
  vwap: decimal.nullable(),
  volume: decimal,
  quoteVolume: decimal,
  trades: count,
});
