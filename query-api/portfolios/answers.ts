import { z } from "zod";
import { shown } from "../reading/row-json.ts";

/** The rows of the portfolio queries, as the API document shows them. */
const { decimal, time, text, count } = shown;

export const portfolio = z.object({
  portfolioId: text,
  owner: text.nullable(),
  name: text,
  baseCurrency: text,
  costMethod: z.enum(["average", "fifo"]),
  status: z.enum(["open", "closed"]),
  openedAt: time,
  closedAt: time.nullable(),
  closedReason: text.nullable(),
  version: count,
  changedAt: time,
  assets: count,
  cost: decimal,
  realisedNet: decimal,
  realisedGross: decimal,
  basisAssumed: z.boolean(),
});

export const holding = z.object({
  asset: text,
  quantity: decimal,
  cost: decimal,
  grossCost: decimal,
  averageCost: decimal.nullable(),
  averageGrossCost: decimal.nullable(),
  realisedNet: decimal,
  realisedGross: decimal,
  basisAssumed: z.boolean(),
  changedAt: time,
});

export const lot = z.object({
  asset: text,
  lot: count,
  quantity: decimal,
  cost: decimal,
  grossCost: decimal,
  openedQuantity: decimal,
  openedCost: decimal,
  acquiredAt: time,
  basisAssumed: z.boolean(),
});

export const cash = z.object({ asset: text, free: decimal, locked: decimal, total: decimal });

export const ledgerEntry = z.object({
  sequence: count,
  posting: count,
  account: text,
  asset: text,
  amount: decimal,
  balance: decimal,
  eventType: text,
  reference: text,
  occurredAt: time,
});

export const trade = z.object({
  tradeNumber: count,
  sequence: count,
  instrumentId: text,
  exchange: text,
  base: text,
  quote: text,
  tradeId: text,
  side: z.enum(["buy", "sell"]),
  price: decimal,
  quantity: decimal,
  quoteAmount: decimal,
  fee: decimal,
  feeCurrency: text,
  feeRate: decimal.nullable(),
  quoteRate: decimal.nullable(),
  liquidity: text,
  strategyId: text.nullable(),
  copiedFrom: text.nullable(),
  effect: text,
  realisedNet: decimal,
  realisedGross: decimal,
  basis: decimal,
  feeValue: decimal.nullable(),
  feeRealised: decimal,
  valued: z.boolean(),
  assumedBase: decimal,
  assumedQuote: decimal,
  assumedFee: decimal,
  outOfOrder: z.boolean(),
  occurredAt: time,
  reversed: z.object({ reason: text, occurredAt: time }).nullable(),
});

export const realised = z.object({
  day: text,
  instrumentId: text,
  realisedNet: decimal,
  realisedGross: decimal,
  feeRealised: decimal,
  trades: count,
  reversals: count,
});
