import { setImmediate as nextTurn } from "node:timers/promises";
import type { Tick } from "../../platform/market/candle.ts";
import { MINUTE_MS } from "../../platform/market/interval.ts";
import { integer, integerOrNull, type SqlRow, textOrNull } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import type { FoldedSecond } from "./folded-seconds.ts";
import {
  clockOf,
  type InstrumentClock,
  MarketSource,
  OPEN_BEFORE_WATERMARK_MS,
  ROWS_AT_FIRST,
  ROWS_AT_ONCE,
  type StoredMinute,
} from "./market-source.ts";
import { foldedTickOf, minuteOfRow } from "./rows.ts";
import { type SecondsParts, SqliteSeconds } from "./sqlite-seconds.ts";
import type { TimeRange } from "./store.ts";

/** One instrument in SQLite, for one query; the event loop turns between pieces. */
export class SqliteMarketSource extends MarketSource {
  readonly #queries: SqliteQueries;
  readonly #instrumentId: string;
  readonly #seconds: SqliteSeconds;

  /** `null` when the instrument is not known. */
  static open(parts: SecondsParts): SqliteMarketSource | null {
    const row = parts.queries.get(SELECT_CLOCK, [parts.instrumentId]);
    return row === null ? null : new SqliteMarketSource(parts, clockOfRow(row));
  }

  private constructor(parts: SecondsParts, clock: InstrumentClock) {
    super(clock);
    this.#queries = parts.queries;
    this.#instrumentId = parts.instrumentId;
    this.#seconds = new SqliteSeconds(parts);
  }

  async lastTickBefore(beforeMs: number): Promise<Tick | null> {
    const row = this.#queries.get(SELECT_LAST_TICK, [this.#instrumentId, beforeMs]);
    return row === null ? null : foldedTickOf(row);
  }

  seconds(range: TimeRange): AsyncGenerator<readonly FoldedSecond[]> {
    return this.#seconds.read(range);
  }

  protected async *storedMinutes(range: TimeRange): AsyncGenerator<readonly StoredMinute[]> {
    let { fromMs } = range;
    for (let limit = ROWS_AT_FIRST; ; limit = Math.min(limit * 2, ROWS_AT_ONCE)) {
      const values = [this.#instrumentId, fromMs, range.toMs, limit];
      const rows = this.#queries.all(SELECT_MINUTES, values);
      yield rows.map(storedMinuteOf);
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) return;
      fromMs = integer(last, "openTimeMs") + MINUTE_MS;
      await nextTurn();
    }
  }
}

function storedMinuteOf(row: SqlRow): StoredMinute {
  const openTimeMs = integer(row, "openTimeMs");
  return { openTimeMs, closed: row.isOpen === 0 ? minuteOfRow(row) : null };
}

function clockOfRow(row: SqlRow): InstrumentClock {
  return clockOf({
    contractSize: textOrNull(row, "contractSize"),
    watermarkMs: integerOrNull(row, "watermarkMs"),
    newestMinuteMs: integerOrNull(row, "newestMinuteMs"),
    firstOpenMs: integerOrNull(row, "firstOpenMs"),
    lastTickMs: integerOrNull(row, "lastTickMs"),
  });
}

const SELECT_CLOCK = `
  SELECT i.contractSize, w.watermarkMs,
    (SELECT max(openTimeMs) FROM minutes m WHERE m.instrumentId = i.instrumentId) AS newestMinuteMs,
    (SELECT min(openTimeMs) FROM openMinutes o WHERE o.instrumentId = i.instrumentId
      AND o.openTimeMs >= w.watermarkMs - ${OPEN_BEFORE_WATERMARK_MS}) AS firstOpenMs,
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
  SELECT t.openTimeMs, m.open, m.high, m.low, m.close, m.volume, m.quoteVolume,
    m.priceVolume, m.buyVolume, m.vwap, m.trades, o.openTimeMs IS NOT NULL AS isOpen
  FROM traded t
    LEFT JOIN minutes m ON m.instrumentId = ?1 AND m.openTimeMs = t.openTimeMs
    LEFT JOIN openMinutes o ON o.instrumentId = ?1 AND o.openTimeMs = t.openTimeMs
  ORDER BY t.openTimeMs`;
