import {
  type Decimal,
  decimal,
  decimalText,
  quotient,
  ZERO,
} from "../../platform/kernel/decimal.ts";
import { flag, integer, integerOrNull, type SqlRow, text, textOrNull } from "../runner/sql-row.ts";
import type { Booking } from "./realised.ts";
import type { Cash, Holding, LedgerEntry, OpenLot, PortfolioSummary, Trade } from "./store.ts";

/** From a row of `portfolios` with its closing and version, and the portfolio's holdings. */
export function summaryOf(row: SqlRow, holdings: readonly Holding[]): PortfolioSummary {
  const closedAtMs = integerOrNull(row, "closedAtMs");
  return {
    portfolioId: text(row, "portfolioId"),
    owner: textOrNull(row, "owner"),
    name: text(row, "name"),
    baseCurrency: text(row, "baseCurrency"),
    costMethod: text(row, "costMethod"),
    status: closedAtMs === null ? "open" : "closed",
    openedAtMs: integer(row, "openedAtMs"),
    closedAtMs,
    closedReason: textOrNull(row, "closedReason"),
    version: integer(row, "version"),
    changedAtMs: integer(row, "changedAtMs"),
    assets: holdings.filter(({ quantity }) => quantity !== "0").length,
    cost: sumText(holdings.map(({ cost }) => cost)),
    realisedNet: sumText(holdings.map(({ realisedNet }) => realisedNet)),
    realisedGross: sumText(holdings.map(({ realisedGross }) => realisedGross)),
    basisAssumed: holdings.some(({ basisAssumed }) => basisAssumed),
  };
}

export function holdingOf(row: SqlRow): Holding {
  const quantity = text(row, "quantity");
  const cost = text(row, "cost");
  const grossCost = text(row, "grossCost");
  return {
    asset: text(row, "asset"),
    quantity,
    cost,
    grossCost,
    averageCost: average(cost, quantity),
    averageGrossCost: average(grossCost, quantity),
    realisedNet: text(row, "realisedNet"),
    realisedGross: text(row, "realisedGross"),
    basisAssumed: flag(row, "basisAssumed"),
    changedAtMs: integer(row, "changedAtMs"),
  };
}

/** From a row of `lots` joined with its holding: of the first open lot only the rest is left. */
export function openLotOf(row: SqlRow): OpenLot {
  const isFirst = row.lot === row.firstOpenLot;
  return {
    asset: text(row, "asset"),
    lot: integer(row, "lot"),
    quantity: text(row, isFirst ? "firstOpenLotQuantity" : "quantity"),
    cost: text(row, isFirst ? "firstOpenLotCost" : "cost"),
    grossCost: text(row, isFirst ? "firstOpenLotGrossCost" : "grossCost"),
    openedQuantity: text(row, "quantity"),
    openedCost: text(row, "cost"),
    acquiredMs: integer(row, "acquiredMs"),
    basisAssumed: flag(row, "basisAssumed"),
  };
}

/** From a row of an asset used as money, with the balances of its accounts. */
export function cashOf(row: SqlRow): Cash {
  const free = text(row, "free");
  const locked = text(row, "locked");
  const total = decimalText(decimal(free).plus(decimal(locked)));
  return { asset: text(row, "asset"), free, locked, total };
}

export function ledgerEntryOf(row: SqlRow): LedgerEntry {
  return {
    sequence: integer(row, "sequence"),
    posting: integer(row, "posting"),
    account: text(row, "account"),
    asset: text(row, "asset"),
    amount: text(row, "amount"),
    balance: text(row, "balance"),
    eventType: text(row, "eventType"),
    reference: text(row, "reference"),
    occurredAtMs: integer(row, "occurredAtMs"),
  };
}

export function tradeOf(row: SqlRow): Trade {
  const reversedAtMs = integerOrNull(row, "reversedAtMs");
  return {
    tradeNumber: integer(row, "tradeNumber"),
    sequence: integer(row, "sequence"),
    instrumentId: text(row, "instrumentId"),
    exchange: text(row, "exchange"),
    base: text(row, "base"),
    quote: text(row, "quote"),
    tradeId: text(row, "tradeId"),
    side: text(row, "side"),
    price: text(row, "price"),
    quantity: text(row, "quantity"),
    quoteAmount: text(row, "quoteAmount"),
    fee: text(row, "fee"),
    feeCurrency: text(row, "feeCurrency"),
    feeRate: textOrNull(row, "feeRate"),
    quoteRate: textOrNull(row, "quoteRate"),
    liquidity: text(row, "liquidity"),
    strategyId: textOrNull(row, "strategyId"),
    copiedFrom: textOrNull(row, "copiedFrom"),
    effect: text(row, "effect"),
    realisedNet: text(row, "realisedNet"),
    realisedGross: text(row, "realisedGross"),
    basis: text(row, "basis"),
    feeValue: textOrNull(row, "feeValue"),
    feeRealised: text(row, "feeRealised"),
    valued: flag(row, "valued"),
    assumedBase: text(row, "assumedBase"),
    assumedQuote: text(row, "assumedQuote"),
    assumedFee: text(row, "assumedFee"),
    outOfOrder: flag(row, "outOfOrder"),
    occurredAtMs: integer(row, "occurredAtMs"),
    reversed:
      reversedAtMs === null
        ? null
        : { reason: text(row, "reversedReason"), occurredAtMs: reversedAtMs },
  };
}

export function bookingOf(row: SqlRow): Booking {
  return {
    instrumentId: text(row, "instrumentId"),
    occurredAtMs: integer(row, "occurredAtMs"),
    realisedNet: text(row, "realisedNet"),
    realisedGross: text(row, "realisedGross"),
    feeRealised: text(row, "feeRealised"),
    kind: row.kind === "trade" ? "trade" : "reversal",
  };
}

/** An average is derived, never stored: the two exact figures are. */
function average(cost: string, quantity: string): string | null {
  const held = decimal(quantity);
  return held.isZero() ? null : decimalText(quotient(decimal(cost), held));
}

function sumText(texts: readonly string[]): string {
  const sum = texts.reduce((total: Decimal, one) => total.plus(decimal(one)), ZERO);
  return decimalText(sum);
}
