import { indexes } from "../../../projections/portfolios/indexes.ts";
import { PostgresPortfolioReader } from "../../../projections/portfolios/postgres.ts";
import { portfolios } from "../../../projections/portfolios/projection.ts";
import { SqlitePortfolioReader } from "../../../projections/portfolios/sqlite.ts";
import type { PortfolioReader } from "../../../projections/portfolios/store.ts";
import type { PostgresQueries } from "../../../projections/stores/postgres/query.ts";
import type { SqliteQueries } from "../../../projections/stores/sqlite/query.ts";
import type { PortfolioEvent } from "../../../schemas/generated/portfolio.ts";
import { openPostgresHarness } from "../../real/postgres-harness.ts";
import { openSqliteHarness, type ReadModelHarness } from "../reader-harness.ts";

export type Harness = ReadModelHarness<PortfolioEvent, PortfolioReader>;

/** Every adapter of the portfolio reader, with the store that feeds it. */
export const portfolioAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: SqliteQueries) => new SqlitePortfolioReader(queries);
    return openSqliteHarness({ projection: portfolios, indexes, makeReader });
  },
  postgres: (): Promise<Harness> => {
    const makeReader = (queries: PostgresQueries) => new PostgresPortfolioReader(queries);
    return openPostgresHarness({ projection: portfolios, indexes, makeReader });
  },
};

export type PortfolioAdapterName = keyof typeof portfolioAdapters;
