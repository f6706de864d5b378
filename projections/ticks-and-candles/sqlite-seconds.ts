import { setImmediate as nextTurn } from "node:timers/promises";
import { type RunningCandle, runningCandles, type Tick } from "../../platform/market/candle.ts";
import { integer } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../runner/sqlite-query.ts";
import type { KeptSeconds } from "./kept-seconds.ts";
import { foldedTickOf } from "./sqlite-rows.ts";
import type { TimeRange } from "./store.ts";
import { TooMuch } from "./too-much.ts";

/** Rows read between two turns of the event loop, so that a long range stops nobody else. */
const ROWS_PER_TURN = 2_000;
/** Seconds whose ticks are counted in one turn: counting is many times cheaper than reading. */
const SECONDS_PER_TURN = 100;
/** Who asks for little is not made to wait for much: the first turn takes so many. */
const SECONDS_OF_FIRST_TURN = 10;
/** Ticks that one query folds at most, those that were folded before included. */
const TICKS_PER_QUERY = 200_000;
const SECOND_MS = 1_000;

/** The ticks of one second, or those of them that are in a range. */
export type FoldedSecond = Readonly<RunningCandle>;

export interface SecondsParts {
  readonly queries: SqliteQueries;
  readonly instrumentId: string;
  /** Of the connection: its later queries see all that its earlier ones have seen. */
  readonly kept: KeptSeconds;
}

/** A second that has ticks in a range, by its number since the epoch. */
interface CountedSecond {
  readonly second: number;
  readonly ticks: number;
}

/** The seconds of one instrument for one query: those kept, and the others folded from ticks. */
export class SqliteSeconds {
  readonly #parts: SecondsParts;
  #ticks = 0;

  constructor(parts: SecondsParts) {
    this.#parts = parts;
  }

  /** Pieces of the seconds with ticks, ascending; who has enough stops asking. */
  async *read(range: TimeRange): AsyncGenerator<readonly FoldedSecond[]> {
    let { fromMs } = range;
    for (let limit = SECONDS_OF_FIRST_TURN; ; limit = SECONDS_PER_TURN) {
      const seconds = this.#count({ ...range, fromMs }, limit);
      yield* this.#pieces(seconds, range);
      const last = seconds.at(-1);
      if (last === undefined || seconds.length < limit) return;
      fromMs = (last.second + 1) * SECOND_MS;
      await nextTurn();
    }
  }

  #count({ fromMs, toMs }: TimeRange, limit: number): CountedSecond[] {
    const { queries, instrumentId } = this.#parts;
    return queries.all(COUNT_SECONDS, [instrumentId, fromMs, toMs, limit]).map((row) => {
      return { second: integer(row, "second"), ticks: integer(row, "ticks") };
    });
  }

  /** Seconds that follow each other and are not kept are read together. */
  async *#pieces(
    seconds: readonly CountedSecond[],
    range: TimeRange,
  ): AsyncGenerator<readonly FoldedSecond[]> {
    const { instrumentId, kept } = this.#parts;
    let unknown: CountedSecond[] = [];
    for (const one of seconds) {
      const known = kept.get(instrumentId, one.second, one.ticks);
      const isTooMuch = this.#ticks + one.ticks > TICKS_PER_QUERY;
      if ((known !== null || isTooMuch) && unknown.length > 0) {
        yield await this.#fold(unknown, range);
        unknown = [];
      }
      if (isTooMuch) throw new TooMuch("ticks", TICKS_PER_QUERY);
      this.#ticks += one.ticks;
      if (known === null) unknown.push(one);
      else yield [known];
    }
    if (unknown.length > 0) yield await this.#fold(unknown, range);
  }

  async #fold(seconds: readonly CountedSecond[], range: TimeRange): Promise<FoldedSecond[]> {
    const { instrumentId, kept } = this.#parts;
    const [first, last] = [seconds[0] as CountedSecond, seconds.at(-1) as CountedSecond];
    const ticks = await this.#read({
      fromMs: Math.max(range.fromMs, first.second * SECOND_MS),
      toMs: Math.min(range.toMs, (last.second + 1) * SECOND_MS),
    });
    const folded = runningCandles(ticks, "1s");
    for (const one of folded) {
      const isWhole = one.openTimeMs >= range.fromMs && one.openTimeMs + SECOND_MS <= range.toMs;
      if (isWhole) kept.keep(instrumentId, one.openTimeMs / SECOND_MS, one);
    }
    return folded;
  }

  /** In tick order. */
  async #read({ fromMs, toMs }: TimeRange): Promise<Tick[]> {
    const { queries, instrumentId } = this.#parts;
    const ticks: Tick[] = [];
    let place: readonly number[] = [fromMs, -1, -1, -1];
    for (;;) {
      const rows = queries.all(SELECT_TICKS, [instrumentId, ...place, toMs, ROWS_PER_TURN]);
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
