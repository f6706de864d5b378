import { at, type Call, withQuery } from "./call.ts";
import { decimal, flag, list, number, optional, shape, text } from "./shape.ts";

const PORTFOLIOS_A_PAGE = 50;
const NEWEST_TRADES = 20;

const portfolio = shape({
  portfolioId: text,
  owner: optional(text),
  name: text,
  baseCurrency: text,
  costMethod: text,
  status: text,
  openedAt: text,
  version: number,
  assets: number,
  cost: decimal,
  realisedNet: decimal,
  basisAssumed: flag,
});

const holding = shape({
  asset: text,
  quantity: decimal,
  cost: decimal,
  averageCost: optional(decimal),
  realisedNet: decimal,
  basisAssumed: flag,
});

const cash = shape({ asset: text, free: decimal, locked: decimal, total: decimal });

const trade = shape({
  tradeNumber: number,
  instrumentId: text,
  side: text,
  price: decimal,
  quantity: decimal,
  fee: decimal,
  feeCurrency: text,
  realisedNet: decimal,
  occurredAt: text,
  strategyId: optional(text),
  copiedFrom: optional(text),
});

export type Portfolio = ReturnType<typeof portfolio>;
export type Holding = ReturnType<typeof holding>;
export type Cash = ReturnType<typeof cash>;
export type Trade = ReturnType<typeof trade>;

export function listPortfolios(cursor: string | null): Call<readonly Portfolio[]> {
  const page = { limit: PORTFOLIOS_A_PAGE, cursor };
  return { ...withQuery(at`/v1/portfolios`, page), read: list(portfolio) };
}

export function getPortfolio(id: string): Call<Portfolio> {
  const cli = `cipherhorizon aggregates show portfolio ${id}`;
  return { ...at`/v1/portfolios/${id}`, read: portfolio, cli };
}

export function listHoldings(id: string): Call<readonly Holding[]> {
  return { ...at`/v1/portfolios/${id}/holdings`, read: list(holding) };
}

export function listCash(id: string): Call<readonly Cash[]> {
  return { ...at`/v1/portfolios/${id}/cash`, read: list(cash) };
}

export function newestTrades(id: string): Call<readonly Trade[]> {
  const newest = { order: "newest", limit: NEWEST_TRADES };
  const cli = `cipherhorizon events list --aggregate-id ${id} --type TradeRecorded`;
  return { ...withQuery(at`/v1/portfolios/${id}/trades`, newest), read: list(trade), cli };
}

/** The rows a figure of a holding comes from. */
export const rowsOf = {
  lots: (id: string, asset: string) => withQuery(at`/v1/portfolios/${id}/lots`, { asset }).path,
  ledger: (id: string, asset: string) => withQuery(at`/v1/portfolios/${id}/ledger`, { asset }).path,
  realised: (id: string) => at`/v1/portfolios/${id}/realised`.path,
  holdings: (id: string) => at`/v1/portfolios/${id}/holdings`.path,
} as const;
