import type { Candle } from "../../platform/market/candle.ts";
import { MINUTE_MS } from "../../platform/market/interval.ts";
import { integer } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import { KeptSeconds } from "./kept-seconds.ts";
import { SqliteMarketSource } from "./sqlite-source.ts";

/** Single minutes as their stored ticks tell them, whatever their row says. */
export class SqliteMinuteReader {
  readonly #queries: SqliteQueries;
  readonly #kept = new KeptSeconds();

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  /** `null`: no tick of the minute is stored. `revision` is that of its row, if it has one. */
  async minute(
    instrumentId: string,
    openTimeMs: number,
  ): Promise<{ readonly candle: Candle; readonly revision: number | null } | null> {
    const source = SqliteMarketSource.open({
      queries: this.#queries,
      instrumentId,
      kept: this.#kept,
    });
    const range = { fromMs: openTimeMs, toMs: openTimeMs + MINUTE_MS };
    const [candle] = (await source?.foldedMinutes(range)) ?? [];
    if (candle === undefined) return null;
    const row = this.#queries.get(SELECT_REVISION, [instrumentId, openTimeMs]);
    return { candle, revision: row === null ? null : integer(row, "revision") };
  }
}

const SELECT_REVISION = "SELECT revision FROM minutes WHERE instrumentId = ? AND openTimeMs = ?";
