import { type Decimal, decimalText } from "../../platform/kernel/decimal.ts";
import type { Candle, Tick as FoldedTick } from "../../platform/market/candle.ts";
import { integer, integerOrNull, type SqlRow, text, textOrNull } from "../runner/sql-row.ts";
import { storedDecimal } from "../runner/stored-decimal.ts";
import { type Instrument, NO_ORDER_ID, type Tick, type TickPlace } from "./store.ts";

/** From a row of `instruments` with its symbol, steps, delisting and version. */
export function instrumentOf(row: SqlRow, aliases: readonly string[]): Instrument {
  const delistedMs = integerOrNull(row, "delistedMs");
  return {
    instrumentId: text(row, "instrumentId"),
    exchange: text(row, "exchange"),
    symbol: text(row, "symbol"),
    base: text(row, "base"),
    quote: text(row, "quote"),
    kind: text(row, "kind"),
    status: delistedMs === null ? "listed" : "delisted",
    priceStep: text(row, "priceStep"),
    quantityStep: text(row, "quantityStep"),
    minQuantity: textOrNull(row, "minQuantity"),
    minNotional: textOrNull(row, "minNotional"),
    contractSize: textOrNull(row, "contractSize"),
    expiryMs: integerOrNull(row, "expiryMs"),
    aliases,
    registeredAtMs: integer(row, "registeredAtMs"),
    delistedMs,
    delistedReason: textOrNull(row, "delistedReason"),
    version: integer(row, "version"),
  };
}

export function tickOf(row: SqlRow): Tick & TickPlace {
  const orderId = integer(row, "orderId");
  return {
    timeMs: integer(row, "timeMs"),
    orderId,
    ordinal: integer(row, "ordinal"),
    era: integer(row, "era"),
    price: text(row, "price"),
    volume: text(row, "volume"),
    side: text(row, "side"),
    tradeId: orderId === NO_ORDER_ID ? textOrNull(row, "tradeId") : String(orderId),
  };
}

export function placeOf({ timeMs, orderId, ordinal, era }: TickPlace): TickPlace {
  return { timeMs, orderId, ordinal, era };
}

/** A stored tick as candles are folded from. */
export function foldedTickOf(row: SqlRow): FoldedTick {
  const orderId = integer(row, "orderId");
  const side = text(row, "side");
  return {
    timeMs: integer(row, "timeMs"),
    ordinal: integer(row, "ordinal"),
    tradeId: orderId === NO_ORDER_ID ? null : orderId,
    price: decimalIn(row, "price"),
    volume: decimalIn(row, "volume"),
    side: side === "buy" || side === "sell" ? side : "unknown",
  };
}

/** A stored minute as longer candles are folded from. */
export function minuteOfRow(row: SqlRow): Candle {
  const vwap = textOrNull(row, "vwap");
  return {
    openTimeMs: integer(row, "openTimeMs"),
    open: decimalIn(row, "open"),
    high: decimalIn(row, "high"),
    low: decimalIn(row, "low"),
    close: decimalIn(row, "close"),
    volume: decimalIn(row, "volume"),
    quoteVolume: decimalIn(row, "quoteVolume"),
    priceVolume: decimalIn(row, "priceVolume"),
    buyVolume: decimalIn(row, "buyVolume"),
    vwap: vwap === null ? null : storedDecimal(vwap),
    trades: integer(row, "trades"),
  };
}

function decimalIn(row: SqlRow, column: string): Decimal {
  return storedDecimal(text(row, column));
}

export function textOf(value: Decimal | null): string | null {
  return value === null ? null : decimalText(value);
}
