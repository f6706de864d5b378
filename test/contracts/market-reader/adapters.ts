import type { SqliteQueries } from "../../../projections/stores/sqlite/query.ts";
import { InfluxMarketReader } from "../../../projections/ticks-and-candles/influx.ts";
import { shapes } from "../../../projections/ticks-and-candles/influx-shapes.ts";
import { ticksAndCandles } from "../../../projections/ticks-and-candles/projection.ts";
import { indexes, SqliteMarketReader } from "../../../projections/ticks-and-candles/sqlite.ts";
import { openInfluxHarness } from "../../real/influx-harness.ts";
import { openSqliteHarness } from "../reader-harness.ts";
import type { Harness } from "./feed.ts";

/** Every adapter of the market reader, with the store that feeds it. */
export const marketAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: SqliteQueries) => new SqliteMarketReader(queries);
    return openSqliteHarness({ projection: ticksAndCandles, indexes, makeReader });
  },
  influx: (): Promise<Harness> => {
    const readerMaker = InfluxMarketReader.maker;
    return openInfluxHarness({ projection: ticksAndCandles, shapes, readerMaker });
  },
};

export type MarketAdapterName = keyof typeof marketAdapters;
