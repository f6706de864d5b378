import { SqliteEquityCurveReader } from "../../../projections/equity-curve/sqlite.ts";
import { SqlitePortfolioReader } from "../../../projections/portfolios/sqlite.ts";
import { SqliteRiskReader } from "../../../projections/risk/sqlite.ts";
import { generationFile } from "../../../projections/runner/generation-files.ts";
import { SqliteSocialReader } from "../../../projections/social/sqlite.ts";
import type { SqliteQueries } from "../../../projections/stores/sqlite/query.ts";
import { openSqliteGeneration } from "../../../projections/stores/sqlite/reader.ts";
import { SqliteStrategyReader } from "../../../projections/strategies/sqlite.ts";
import { SqliteMarketReader } from "../../../projections/ticks-and-candles/sqlite.ts";
import type { OpenGeneration } from "../../../query-api/reading/generation-reader.ts";
import type { Openers } from "./server-readers.ts";

/** Every read model in a data folder. */
export function sqliteReaders(folder: string): Openers {
  const opener = <Reader>(
    name: string,
    makeReader: (queries: SqliteQueries) => Reader,
  ): OpenGeneration<Reader> => {
    return async (generation) => {
      return openSqliteGeneration({ file: generationFile(folder, name, generation), makeReader });
    };
  };
  return {
    "equity-curve": opener("equity-curve", (queries) => new SqliteEquityCurveReader(queries)),
    portfolios: opener("portfolios", (queries) => new SqlitePortfolioReader(queries)),
    risk: opener("risk", (queries) => new SqliteRiskReader(queries)),
    social: opener("social", (queries) => new SqliteSocialReader(queries)),
    strategies: opener("strategies", (queries) => new SqliteStrategyReader(queries)),
    "ticks-and-candles": opener("ticks-and-candles", (queries) => new SqliteMarketReader(queries)),
  };
}
