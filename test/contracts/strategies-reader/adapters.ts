import type { MongoQueries } from "../../../projections/stores/mongo/query.ts";
import type { SqliteQueries } from "../../../projections/stores/sqlite/query.ts";
import { layout, MongoStrategyReader } from "../../../projections/strategies/mongo.ts";
import { strategies } from "../../../projections/strategies/projection.ts";
import { indexes, SqliteStrategyReader } from "../../../projections/strategies/sqlite.ts";
import type { StrategyReader } from "../../../projections/strategies/store.ts";
import type { StrategiesEvent } from "../../../schemas/generated/strategies.ts";
import { openMongoHarness } from "../../real/mongo-harness.ts";
import { openSqliteHarness, type ReadModelHarness } from "../reader-harness.ts";

export type Harness = ReadModelHarness<StrategiesEvent, StrategyReader>;

/** Every adapter of the strategies reader, with the store that feeds it. */
export const strategyAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: SqliteQueries) => new SqliteStrategyReader(queries);
    return openSqliteHarness({ projection: strategies, indexes, makeReader });
  },
  mongo: (): Promise<Harness> => {
    const makeReader = (queries: MongoQueries) => new MongoStrategyReader(queries);
    return openMongoHarness({ projection: strategies, layout, makeReader });
  },
};

export type StrategyAdapterName = keyof typeof strategyAdapters;
