import { setImmediate as nextTurn } from "node:timers/promises";
import { type Decimal, decimal } from "../../platform/kernel/decimal.ts";
import { type Candle, foldRunning, type Tick } from "../../platform/market/candle.ts";
import { ALLOWED_LATENESS_MS, MINUTE_MS, minuteOf } from "../../platform/market/interval.ts";
import { integer, integerOrNull, type SqlRow, text } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../runner/sqlite-query.ts";
import { foldedTickOf, minuteOfRow } from "./sqlite-rows.ts";
import { type FoldedSecond, type SecondsParts, SqliteSeconds } from "./sqlite-seconds.ts";
import type { TimeRange } from "./store.ts";
import { TooMuch } from "./too-much.ts";

/** Rows read between two turns of the event loop, so that a long range stops nobody else. */
const ROWS_PER_TURN = 2_000;
/** Who asks for little is not made to wait for much: the first turn reads so many, the next more. */
const ROWS_OF_FIRST_TURN = 250;
/** Stored minutes that one query folds at most: more than two months have. */
const MINUTES_PER_QUERY = 100_000;

/** What the queries of one instrument need to know of it. */
export interface InstrumentClock {
  readonly contractSize: Decimal | null;
  /** What ended at or before this is closed. */
  readonly closedThroughMs: number;
  /** `null` before the first tick. */
  readonly lastTickMs: number | null;
}

/**
 * Ticks and minutes of one instrument for one query, from whatever holds them: closed minutes from
 * their rows, open ones from their ticks.
 */
export class SqliteMarketSource {
  readonly #queries: SqliteQueries;
  readonly #instrumentId: string;
  readonly #seconds: SqliteSeconds;
  readonly clock: InstrumentClock;
  #minutesRead = 0;

  /** `null` when the instrument is not known. */
  static open(parts: SecondsParts): SqliteMarketSource | null {
    const row = parts.queries.get(SELECT_CLOCK, [parts.instrumentId]);
    return row === null ? null : new SqliteMarketSource(parts, clockOf(row));
  }

  private constructor(parts: SecondsParts, clock: InstrumentClock) {
    this.#queries = parts.queries;
    this.#instrumentId = parts.instrumentId;
    this.#seconds = new SqliteSeconds(parts);
    this.clock = clock;
  }

  /** The last tick before `beforeMs` in tick order. */
  lastTickBefore(beforeMs: number): Tick | null {
    const row = this.#queries.get(SELECT_LAST_TICK, [this.#instrumentId, beforeMs]);
    return row === null ? null : foldedTickOf(row);
  }

  /**
   * Pieces of the seconds of a range, ascending; the first and the last second hold only those of
   * their ticks that are in the range.
   */
  seconds(range: TimeRange): AsyncGenerator<readonly FoldedSecond[]> {
    return this.#seconds.read(range);
  }

  /**
   * Pieces of the candles of all minutes with trades, ascending; both ends of the range are
   * minutes.
   */
  async *minutes(range: TimeRange): AsyncGenerator<readonly Candle[]> {
    let { fromMs } = range;
    for (let limit = ROWS_OF_FIRST_TURN; ; limit = Math.min(limit * 2, ROWS_PER_TURN)) {
      const values = [this.#instrumentId, fromMs, range.toMs, limit];
      const rows = this.#queries.all(SELECT_MINUTES, values);
      this.#minutesRead += rows.length;
      if (this.#minutesRead > MINUTES_PER_QUERY) throw new TooMuch("minutes", MINUTES_PER_QUERY);
      yield await this.#candlesOf(rows);
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) return;
      fromMs = integer(last, "minuteMs") + MINUTE_MS;
      await nextTurn();
    }
  }

  /** Candles of the minutes of a range, folded from its ticks alone. */
  async foldedMinutes(range: TimeRange): Promise<Candle[]> {
    if (range.fromMs >= range.toMs) return [];
    const pieces = await Array.fromAsync(this.seconds(range));
    return foldRunning(pieces.flat(), {
      interval: "1m",
      contractSize: this.clock.contractSize,
    });
  }

  async #candlesOf(rows: readonly SqlRow[]): Promise<Candle[]> {
    const candles: Candle[] = [];
    for (const row of rows) {
      if (row.isOpen === 0) candles.push(minuteOfRow(row));
      else candles.push(...(await this.foldedMinutes(minuteRange(row))));
    }
    return candles;
  }
}

function minuteRange(row: SqlRow): TimeRange {
  const fromMs = integer(row, "minuteMs");
  return { fromMs, toMs: fromMs + MINUTE_MS };
}

/** The first whole minute at or after `timeMs`. */
export function minuteFrom(timeMs: number): number {
  return minuteOf(timeMs + MINUTE_MS - 1);
}

/** An open minute that event time has not left behind may be older than one closed by command. */
function clockOf(row: SqlRow): InstrumentClock {
  const newestMinuteMs = integerOrNull(row, "newestMinuteMs");
  const closedMs = newestMinuteMs === null ? 0 : newestMinuteMs + MINUTE_MS;
  const leftBehindMs = (integerOrNull(row, "watermarkMs") ?? 0) - ALLOWED_LATENESS_MS - 1;
  const firstOpenMs = integerOrNull(row, "firstOpenMs") ?? Number.POSITIVE_INFINITY;
  return {
    contractSize: row.contractSize === null ? null : decimal(text(row, "contractSize")),
    closedThroughMs: Math.min(Math.max(closedMs, leftBehindMs), firstOpenMs),
    lastTickMs: integerOrNull(row, "lastTickMs"),
  };
}

const SELECT_CLOCK = `
  SELECT i.contractSize, w.watermarkMs,
    (SELECT max(openTimeMs) FROM minutes m WHERE m.instrumentId = i.instrumentId) AS newestMinuteMs,
    (SELECT min(openTimeMs) FROM openMinutes o WHERE o.instrumentId = i.instrumentId
      AND o.openTimeMs >= w.watermarkMs - ${MINUTE_MS + ALLOWED_LATENESS_MS}) AS firstOpenMs,
    (SELECT max(timeMs) FROM ticks t WHERE t.instrumentId = i.instrumentId) AS lastTickMs
  FROM instruments i LEFT JOIN watermarks w USING (instrumentId) WHERE i.instrumentId = ?`;

const SELECT_LAST_TICK = `
  SELECT * FROM ticks WHERE instrumentId = ? AND timeMs < ?
  ORDER BY timeMs DESC, orderId DESC, ordinal DESC, era DESC LIMIT 1`;

/** An open minute may have a row, which then counts only some of its ticks, or none. */
const SELECT_MINUTES = `
  WITH traded AS (
    SELECT openTimeMs FROM minutes
    WHERE instrumentId = ?1 AND openTimeMs >= ?2 AND openTimeMs < ?3
    UNION
    SELECT openTimeMs FROM openMinutes
    WHERE instrumentId = ?1 AND openTimeMs >= ?2 AND openTimeMs < ?3
    ORDER BY 1 LIMIT ?4)
  SELECT t.openTimeMs AS minuteMs, m.open, m.high, m.low, m.close, m.volume, m.quoteVolume,
    m.priceVolume, m.buyVolume, m.vwap, m.trades, o.openTimeMs IS NOT NULL AS isOpen
  FROM traded t
    LEFT JOIN minutes m ON m.instrumentId = ?1 AND m.openTimeMs = t.openTimeMs
    LEFT JOIN openMinutes o ON o.instrumentId = ?1 AND o.openTimeMs = t.openTimeMs
  ORDER BY t.openTimeMs`;
