import { PostgresEquityCurveReader } from "../../../projections/equity-curve/postgres.ts";
import { equityCurve } from "../../../projections/equity-curve/projection.ts";
import { indexes, SqliteEquityCurveReader } from "../../../projections/equity-curve/sqlite.ts";
import type { EquityCurveReader } from "../../../projections/equity-curve/store.ts";
import type { PostgresQueries } from "../../../projections/stores/postgres/query.ts";
import type { SqliteQueries } from "../../../projections/stores/sqlite/query.ts";
import type { RiskEvent } from "../../../schemas/generated/risk.ts";
import { openPostgresHarness } from "../../real/postgres-harness.ts";
import { openSqliteHarness, type ReadModelHarness } from "../reader-harness.ts";

type Harness = ReadModelHarness<RiskEvent, EquityCurveReader>;

/** Every adapter of the equity-curve reader, with the store that feeds it. */
export const equityCurveAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: SqliteQueries) => new SqliteEquityCurveReader(queries);
    return openSqliteHarness({ projection: equityCurve, indexes, makeReader });
  },
  postgres: (): Promise<Harness> => {
    const makeReader = (queries: PostgresQueries) => new PostgresEquityCurveReader(queries);
    return openPostgresHarness({ projection: equityCurve, indexes, makeReader });
  },
};

export type EquityCurveAdapterName = keyof typeof equityCurveAdapters;
