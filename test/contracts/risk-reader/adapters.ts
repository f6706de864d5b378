import { indexes } from "../../../projections/risk/indexes.ts";
import { risk } from "../../../projections/risk/projection.ts";
import { RedisRiskReader } from "../../../projections/risk/redis.ts";
import { SqliteRiskReader } from "../../../projections/risk/sqlite.ts";
import type { RiskReader } from "../../../projections/risk/store.ts";
import type { RedisQueries } from "../../../projections/stores/redis/reader.ts";
import type { SqliteQueries } from "../../../projections/stores/sqlite/query.ts";
import type { RiskEvent } from "../../../schemas/generated/risk.ts";
import { openRedisHarness } from "../../real/redis-harness.ts";
import { openSqliteHarness, type ReadModelHarness } from "../reader-harness.ts";

export type Harness = ReadModelHarness<RiskEvent, RiskReader>;

/** Every adapter of the risk reader, with the store that feeds it. */
export const riskAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: SqliteQueries) => new SqliteRiskReader(queries);
    return openSqliteHarness({ projection: risk, indexes, makeReader });
  },
  redis: (): Promise<Harness> => {
    const makeReader = (queries: RedisQueries) => new RedisRiskReader(queries);
    return openRedisHarness({ projection: risk, indexes, makeReader });
  },
};

export type RiskAdapterName = keyof typeof riskAdapters;
