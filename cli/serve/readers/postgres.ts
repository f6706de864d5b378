import { PostgresEquityCurveReader } from "../../../projections/equity-curve/postgres.ts";
import { PostgresPortfolioReader } from "../../../projections/portfolios/postgres.ts";
import { PostgresPool } from "../../../projections/stores/postgres/pool.ts";
import type { PostgresQueries } from "../../../projections/stores/postgres/query.ts";
import { openPostgresGeneration } from "../../../projections/stores/postgres/reader.ts";
import { generationSchema } from "../../../projections/stores/postgres/schema.ts";
import type { OpenGeneration } from "../../../query-api/reading/generation-reader.ts";
import { QUERY_CONNECTIONS, type ServerReaders } from "./server-readers.ts";

export function openPostgresReaders(url: string): ServerReaders {
  const pool = new PostgresPool({ url, name: "queries", connections: QUERY_CONNECTIONS });
  const opener = <Reader>(
    name: string,
    makeReader: (queries: PostgresQueries) => Reader,
  ): OpenGeneration<Reader> => {
    return (generation) => {
      const schema = generationSchema(name, generation);
      return openPostgresGeneration({ pool, schema, makeReader });
    };
  };
  return {
    readers: {
      "equity-curve": opener("equity-curve", (queries) => new PostgresEquityCurveReader(queries)),
      portfolios: opener("portfolios", (queries) => new PostgresPortfolioReader(queries)),
    },
    close: () => pool.close(),
  };
}
