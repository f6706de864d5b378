import { decimal } from "../../../platform/kernel/decimal.ts";
import { type Quote, Rates } from "../../../platform/market/rates.ts";
import type { Row } from "../../../projections/runner/projection.ts";
import { integerOf, textOf } from "../due.ts";
import type { Find, ProcessStore } from "../process-store.ts";
import type { KnownPortfolio } from "./assess-risk.ts";

/** Instruments of the platform, or assets of a page of portfolios, that one assessment reads. */
const ROWS_READ = 100_000;

export interface Assessed {
  /** By all prices known now. */
  readonly rates: Rates;
  /** In the order of their ids; without those whose opening is not known. */
  readonly portfolios: ReadonlyMap<string, KnownPortfolio>;
}

/** What an assessment of portfolios says, all of it as it was at one moment. */
export async function readAssessed(
  store: ProcessStore,
  portfolioIds: readonly string[],
): Promise<Assessed> {
  const everything = { limit: ROWS_READ + 1 };
  const ofThese = { among: portfolioIds, ...everything };
  const finds: readonly Find[] = [
    { table: "instruments", ...everything },
    { table: "prices", ...everything },
    { table: "portfolios", ...ofThese },
    { table: "versions", ...ofThese },
    { table: "holdings", ...ofThese },
    { table: "flows", ...ofThese },
  ];
  const found = (await store.find(finds)).map((rows, i) => {
    if (rows.length > ROWS_READ) throw tooManyRows(finds[i]);
    return rows.map(({ row }) => row);
  });
  const [instruments = [], prices = [], portfolios = [], ...facts] = found;
  const rates = ratesOf(instruments, prices);
  return { rates, portfolios: portfoliosOf(portfolios, facts) };
}

function ratesOf(instruments: readonly Row[], prices: readonly Row[]): Rates {
  const byId = new Map(prices.map((row) => [textOf(row, "instrumentId"), row]));
  const quotes = instruments.flatMap((row): Quote[] => {
    const instrumentId = textOf(row, "instrumentId");
    const price = byId.get(instrumentId);
    if (price === undefined) return [];
    const [base, quote] = [textOf(row, "base"), textOf(row, "quote")];
    const latest = { price: decimal(textOf(price, "price")), atMs: integerOf(price, "atMs") };
    return [{ instrumentId, base, quote, ...latest }];
  });
  return new Rates(quotes);
}

function portfoliosOf(
  opened: readonly Row[],
  facts: readonly (readonly Row[])[],
): ReadonlyMap<string, KnownPortfolio> {
  const [versions, holdings, flows] = facts.map((rows) => {
    return Map.groupBy(rows, (row) => textOf(row, "portfolioId"));
  });
  const known = opened.flatMap((row): [string, KnownPortfolio][] => {
    const portfolioId = textOf(row, "portfolioId");
    const [version] = versions?.get(portfolioId) ?? [];
    if (version === undefined) return [];
    const portfolio = {
      portfolioId,
      baseCurrency: textOf(row, "baseCurrency"),
      sequence: integerOf(version, "sequence"),
      holdings: (holdings?.get(portfolioId) ?? []).map((holding) => {
        return { asset: textOf(holding, "asset"), quantity: textOf(holding, "quantity") };
      }),
      flows: (flows?.get(portfolioId) ?? []).map((flow) => {
        return { asset: textOf(flow, "asset"), net: textOf(flow, "net") };
      }),
    };
    return [[portfolioId, portfolio]];
  });
  return new Map(known);
}

function tooManyRows(find: Find | undefined): RangeError {
  return new RangeError(`${find?.table} of ${find?.among ?? "all"} has over ${ROWS_READ} rows`);
}
