import { ticksAndCandles } from "../../../projections/ticks-and-candles/projection.ts";
import { indexes, SqliteMarketReader } from "../../../projections/ticks-and-candles/sqlite.ts";
import { openSqliteHarness } from "../reader-harness.ts";
import type { Harness } from "./feed.ts";

/** Every adapter of the market reader, with the store that feeds it. */
export const marketAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: ConstructorParameters<typeof SqliteMarketReader>[0]) => {
      return new SqliteMarketReader(queries);
    };
    return openSqliteHarness({ projection: ticksAndCandles, indexes, makeReader });
  },
};
