import { portfolios } from "../../../projections/portfolios/projection.ts";
import { indexes, SqlitePortfolioReader } from "../../../projections/portfolios/sqlite.ts";
import type { PortfolioReader } from "../../../projections/portfolios/store.ts";
import type { PortfolioEvent } from "../../../schemas/generated/portfolio.ts";
import { openHarness, type ReadModelHarness } from "../reader-harness.ts";

export type Harness = ReadModelHarness<PortfolioEvent, PortfolioReader>;

/** Every adapter of the portfolio reader, with the store that feeds it. */
export const portfolioAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: ConstructorParameters<typeof SqlitePortfolioReader>[0]) => {
      return new SqlitePortfolioReader(queries);
    };
    return openHarness({ projection: portfolios, indexes, makeReader });
  },
};
