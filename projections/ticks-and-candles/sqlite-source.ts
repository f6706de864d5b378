import { setImmediate as nextTurn } from "node:timers/promises";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { type Decimal, decimal } from "../../platform/kernel/decimal.ts";
import { type Candle, foldTicks, type Tick } from "../../platform/market/candle.ts";
import { MINUTE_MS, minuteOf } from "../../platform/market/interval.ts";
import { integer, integerOrNull, type SqliteQueries, text } from "../runner/sqlite-query.ts";
import { foldedTickOf, minuteOfRow } from "./sqlite-rows.ts";
import type { TickPlace, TimeRange } from "./store.ts";

/** Rows read between two turns of the event loop, so that a long range stops nobody else. */
const ROWS_PER_TURN = 2_000;
/** Ticks that one query folds at most. */
export const TICKS_PER_QUERY = 200_000;
/** Minutes that one query folds at most: more than a month has. */
export const MINUTES_PER_QUERY = 100_000;
/** A tick later than a candle's end by more than this closes the candle. */
const ALLOWED_LATENESS_MS = 2_000;

/** What the queries of one instrument need to know of it. */
export interface InstrumentClock {
  readonly contractSize: Decimal | null;
  /** Opening time of the newest minute that is a row; `null` when there is none. */
  readonly newestMinuteMs: number | null;
  /** What ended at or before this is closed. */
  readonly closedThroughMs: number;
  readonly lastTickMs: number | null;
}

/**
 * Ticks and minutes of one instrument in order, from whatever holds them: closed minutes from their
 * rows, stale ones and those not closed yet from their ticks.
 */
export class SqliteMarketSource {
  readonly #queries: SqliteQueries;

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  /** `null` when the instrument is not known. */
  clockOf(instrumentId: string): InstrumentClock | null {
    const row = this.#queries.get(SELECT_CLOCK, [instrumentId]);
    if (row === null) return null;
    const contractSize = row.contractSize === null ? null : decimal(text(row, "contractSize"));
    const newestMinuteMs = integerOrNull(row, "newestMinuteMs");
    const minutesMs = newestMinuteMs === null ? 0 : newestMinuteMs + MINUTE_MS;
    const eventTimeMs = (integerOrNull(row, "watermarkMs") ?? 0) - ALLOWED_LATENESS_MS - 1;
    const closedThroughMs = Math.max(minutesMs, eventTimeMs);
    const lastTickMs = integerOrNull(row, "lastTickMs");
    return { contractSize, newestMinuteMs, closedThroughMs, lastTickMs };
  }

  /** The last tick before `beforeMs` in tick order. */
  lastTickBefore(instrumentId: string, beforeMs: number): Tick | null {
    const row = this.#queries.get(
      `SELECT * FROM ticks WHERE instrumentId = ? AND timeMs < ?
       ORDER BY timeMs DESC, orderId DESC, ordinal DESC, era DESC LIMIT 1`,
      [instrumentId, beforeMs],
    );
    return row === null ? null : foldedTickOf(row);
  }

  /** In tick order; the caller stops when it has enough. */
  async *ticks(instrumentId: string, { fromMs, toMs }: TimeRange): AsyncGenerator<Tick> {
    let after: TickPlace = { timeMs: fromMs, orderId: -1, ordinal: -1, era: -1 };
    for (let read = 0; ; ) {
      const { timeMs, orderId, ordinal, era } = after;
      const rows = this.#queries.all(SELECT_TICKS, [
        ...[instrumentId, timeMs, orderId, ordinal, era],
        ...[toMs, ROWS_PER_TURN],
      ]);
      for (const row of rows) yield foldedTickOf(row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_PER_TURN) return;
      read += rows.length;
      if (read >= TICKS_PER_QUERY) throw tooLarge("ticks", TICKS_PER_QUERY);
      after = {
        timeMs: integer(last, "timeMs"),
        orderId: integer(last, "orderId"),
        ordinal: integer(last, "ordinal"),
        era: integer(last, "era"),
      };
      await nextTurn();
    }
  }

  /** Candles of all minutes with trades, ascending; both ends of the range are minutes. */
  async *minutes(
    instrumentId: string,
    range: TimeRange,
    clock: InstrumentClock,
  ): AsyncGenerator<Candle> {
    const openFromMs = clock.newestMinuteMs === null ? 0 : clock.newestMinuteMs + MINUTE_MS;
    yield* this.#closedMinutes(instrumentId, { ...range, toMs: Math.min(range.toMs, openFromMs) }, clock);
    const open = { fromMs: Math.max(range.fromMs, openFromMs), toMs: range.toMs };
    if (open.fromMs < open.toMs) yield* await this.#folded(instrumentId, open, clock);
  }

  async *#closedMinutes(
    instrumentId: string,
    range: TimeRange,
    clock: InstrumentClock,
  ): AsyncGenerator<Candle> {
    let fromMs = range.fromMs;
    for (let read = 0; fromMs < range.toMs; ) {
      const rows = this.#queries.all(SELECT_MINUTES, [
        ...[instrumentId, fromMs, range.toMs],
        ...[instrumentId, fromMs, range.toMs, ROWS_PER_TURN],
      ]);
      for (const row of rows) {
        const minuteMs = integer(row, "openTimeMs");
        if (row.isStale === 0) yield minuteOfRow(row);
        else yield* await this.#folded(instrumentId, minuteRange(minuteMs), clock);
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_PER_TURN) return;
      read += rows.length;
      if (read >= MINUTES_PER_QUERY) throw tooLarge("minutes", MINUTES_PER_QUERY);
      fromMs = integer(last, "openTimeMs") + 1;
      await nextTurn();
    }
  }

  async #folded(instrumentId: string, range: TimeRange, clock: InstrumentClock): Promise<Candle[]> {
    const ticks = await Array.fromAsync(this.ticks(instrumentId, range));
    return foldTicks(ticks, { interval: "1m", contractSize: clock.contractSize });
  }
}

/** The first whole minute at or after `timeMs`. */
export function minuteFrom(timeMs: number): number {
  return minuteOf(timeMs + MINUTE_MS - 1);
}

function minuteRange(openTimeMs: number): TimeRange {
  return { fromMs: openTimeMs, toMs: openTimeMs + MINUTE_MS };
}

function tooLarge(what: string, limit: number): PlatformError {
  const detail = `more than ${limit} ${what} are in the range; ask for a shorter one`;
  return new PlatformError("RANGE_TOO_LARGE", detail, { facts: { limit } });
}

const SELECT_CLOCK = `
  SELECT i.contractSize, w.watermarkMs,
    (SELECT max(openTimeMs) FROM minutes m WHERE m.instrumentId = i.instrumentId) AS newestMinuteMs,
    (SELECT max(timeMs) FROM ticks t WHERE t.instrumentId = i.instrumentId) AS lastTickMs
  FROM instruments i LEFT JOIN watermarks w USING (instrumentId) WHERE i.instrumentId = ?`;

const SELECT_TICKS = `
  SELECT * FROM ticks
  WHERE instrumentId = ? AND (timeMs, orderId, ordinal, era) > (?, ?, ?, ?) AND timeMs < ?
  ORDER BY timeMs, orderId, ordinal, era LIMIT ?`;

/** A stale minute may have a row, which then no longer counts, or none. */
const SELECT_MINUTES = `
  SELECT * FROM (
    SELECT m.*, EXISTS (SELECT 1 FROM staleMinutes s WHERE s.instrumentId = m.instrumentId
                        AND s.openTimeMs = m.openTimeMs) AS isStale
    FROM minutes m WHERE m.instrumentId = ? AND m.openTimeMs >= ? AND m.openTimeMs < ?
    UNION ALL
    SELECT s.instrumentId, s.openTimeMs, NULL
    FROM staleMinutes s
    WHERE s.instrumentId = ? AND s.openTimeMs >= ? AND s.openTimeMs < ?
    ) ORDER BY openTimeMs LIMIT ?`;
