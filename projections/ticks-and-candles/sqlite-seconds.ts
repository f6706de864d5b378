import { setImmediate as nextTurn } from "node:timers/promises";
import type { Tick } from "../../platform/market/candle.ts";
import { integer } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import { type CountedSecond, FoldedSeconds, SECOND_MS } from "./folded-seconds.ts";
import type { KeptSeconds } from "./kept-seconds.ts";
import { foldedTickOf } from "./rows.ts";
import type { TimeRange } from "./store.ts";

/** Rows read between two turns of the event loop, so that a long range stops nobody else. */
const ROWS_PER_TURN = 500;

export interface SecondsParts {
  readonly queries: SqliteQueries;
  readonly instrumentId: string;
  /** Of the connection: its later queries see all that its earlier ones have seen. */
  readonly kept: KeptSeconds;
}

/** The seconds of one instrument in SQLite; the event loop turns between pieces. */
export class SqliteSeconds extends FoldedSeconds {
  readonly #queries: SqliteQueries;
  readonly #instrumentId: string;
  #counts = 0;

  constructor({ queries, instrumentId, kept }: SecondsParts) {
    super(instrumentId, kept);
    this.#queries = queries;
    this.#instrumentId = instrumentId;
  }

  protected async count({ fromMs, toMs }: TimeRange, limit: number): Promise<CountedSecond[]> {
    if (this.#counts > 0) await nextTurn();
    this.#counts += 1;
    const values = [this.#instrumentId, fromMs, toMs, limit];
    return this.#queries.all(COUNT_SECONDS, values).map((row) => {
      return { second: integer(row, "second"), ticks: integer(row, "ticks") };
    });
  }

  protected async ticks({ fromMs, toMs }: TimeRange): Promise<Tick[]> {
    const ticks: Tick[] = [];
    let place: readonly number[] = [fromMs, -1, -1, -1];
    for (;;) {
      const values = [this.#instrumentId, ...place, toMs, ROWS_PER_TURN];
      const rows = this.#queries.all(SELECT_TICKS, values);
      for (const row of rows) ticks.push(foldedTickOf(row));
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_PER_TURN) return ticks;
      place = TICK_ORDER.map((column) => integer(last, column));
      await nextTurn();
    }
  }
}

const TICK_ORDER = ["timeMs", "orderId", "ordinal", "era"];

/** Goes from second to second that has ticks; those that have none cost nothing. */
const COUNT_SECONDS = `
  WITH RECURSIVE traded(second) AS (
    SELECT min(timeMs) / ${SECOND_MS} FROM ticks
    WHERE instrumentId = ?1 AND timeMs >= ?2 AND timeMs < ?3
    UNION ALL
    SELECT (SELECT min(timeMs) / ${SECOND_MS} FROM ticks
      WHERE instrumentId = ?1 AND timeMs >= (second + 1) * ${SECOND_MS} AND timeMs < ?3)
    FROM traded WHERE second IS NOT NULL)
  SELECT second, (SELECT count(*) FROM ticks WHERE instrumentId = ?1
    AND timeMs >= max(?2, second * ${SECOND_MS})
    AND timeMs < min(?3, (second + 1) * ${SECOND_MS})) AS ticks
  FROM traded WHERE second IS NOT NULL LIMIT ?4`;

const SELECT_TICKS = `
  SELECT timeMs, orderId, ordinal, era, price, volume, side FROM ticks
  WHERE instrumentId = ? AND (timeMs, orderId, ordinal, era) > (?, ?, ?, ?) AND timeMs < ?
  ORDER BY timeMs, orderId, ordinal, era LIMIT ?`;
