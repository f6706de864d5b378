import { SqliteEquityCurveReader } from "../../projections/equity-curve/sqlite.ts";
import { SqlitePortfolioReader } from "../../projections/portfolios/sqlite.ts";
import { SqliteRiskReader } from "../../projections/risk/sqlite.ts";
import { generationFile } from "../../projections/runner/generation-files.ts";
import type { SqliteQueries } from "../../projections/runner/sqlite-query.ts";
import { openSqliteGeneration } from "../../projections/runner/sqlite-reader.ts";
import { SqliteSocialReader } from "../../projections/social/sqlite.ts";
import { SqliteStrategyReader } from "../../projections/strategies/sqlite.ts";
import { SqliteMarketReader } from "../../projections/ticks-and-candles/sqlite.ts";
import type { QueryApiParts } from "../../query-api/main.ts";

/** The embedded read models: one SQLite file per projection and generation. */
export function openReaders(folder: string): QueryApiParts["readers"] {
  return {
    "equity-curve": opener(folder, "equity-curve", (queries) => {
      return new SqliteEquityCurveReader(queries);
    }),
    portfolios: opener(folder, "portfolios", (queries) => new SqlitePortfolioReader(queries)),
    risk: opener(folder, "risk", (queries) => new SqliteRiskReader(queries)),
    social: opener(folder, "social", (queries) => new SqliteSocialReader(queries)),
    strategies: opener(folder, "strategies", (queries) => new SqliteStrategyReader(queries)),
    "ticks-and-candles": opener(folder, "ticks-and-candles", (queries) => {
      return new SqliteMarketReader(queries);
    }),
  };
}

function opener<Reader>(
  folder: string,
  projection: string,
  makeReader: (queries: SqliteQueries) => Reader,
) {
  return async (generation: number) => {
    return openSqliteGeneration({
      file: generationFile(folder, projection, generation),
      makeReader,
    });
  };
}
