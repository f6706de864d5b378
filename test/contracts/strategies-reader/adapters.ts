import { strategies } from "../../../projections/strategies/projection.ts";
import { indexes, SqliteStrategyReader } from "../../../projections/strategies/sqlite.ts";
import type { StrategyReader } from "../../../projections/strategies/store.ts";
import type { StrategiesEvent } from "../../../schemas/generated/strategies.ts";
import { openSqliteHarness, type ReadModelHarness } from "../reader-harness.ts";

export type Harness = ReadModelHarness<StrategiesEvent, StrategyReader>;

/** Every adapter of the strategies reader, with the store that feeds it. */
export const strategyAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: ConstructorParameters<typeof SqliteStrategyReader>[0]) => {
      return new SqliteStrategyReader(queries);
    };
    return openSqliteHarness({ projection: strategies, indexes, makeReader });
  },
};
