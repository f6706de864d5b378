import { decimal } from "../../../platform/kernel/decimal.ts";
import { type Quote, Rates } from "../../../platform/market/rates.ts";
import type { Row } from "../../../projections/runner/projection.ts";
import { integerOf, textOf } from "../due.ts";
import type { ProcessStore } from "../process-store.ts";
import type { KnownPortfolio } from "./assess-risk.ts";

/** Instruments of the platform, or assets of one portfolio, that one assessment reads. */
const ROWS_READ = 100_000;

/** The rates by all prices known now. */
export function readRates(store: ProcessStore): Rates {
  const prices = rowsOf(store, "prices");
  const byId = new Map(prices.map((row) => [textOf(row, "instrumentId"), row]));
  const quotes = rowsOf(store, "instruments").flatMap((row): Quote[] => {
    const instrumentId = textOf(row, "instrumentId");
    const price = byId.get(instrumentId);
    if (price === undefined) return [];
    const [base, quote] = [textOf(row, "base"), textOf(row, "quote")];
    const latest = { price: decimal(textOf(price, "price")), atMs: integerOf(price, "atMs") };
    return [{ instrumentId, base, quote, ...latest }];
  });
  return new Rates(quotes);
}

/** `null`: its opening is not known. */
export function readPortfolio(store: ProcessStore, portfolioId: string): KnownPortfolio | null {
  const [portfolio] = rowsOf(store, "portfolios", portfolioId);
  const [version] = rowsOf(store, "versions", portfolioId);
  if (portfolio === undefined || version === undefined) return null;
  return {
    portfolioId,
    baseCurrency: textOf(portfolio, "baseCurrency"),
    sequence: integerOf(version, "sequence"),
    holdings: rowsOf(store, "holdings", portfolioId).map((row) => {
      return { asset: textOf(row, "asset"), quantity: textOf(row, "quantity") };
    }),
    flows: rowsOf(store, "flows", portfolioId).map((row) => {
      return { asset: textOf(row, "asset"), net: textOf(row, "net") };
    }),
  };
}

function rowsOf(store: ProcessStore, table: string, ...prefix: string[]): readonly Row[] {
  const rows = store.find(table, { prefix, limit: ROWS_READ + 1 });
  if (rows.length > ROWS_READ)
    throw new RangeError(`${table} ${prefix} has over ${ROWS_READ} rows`);
  return rows.map(({ row }) => row);
}
