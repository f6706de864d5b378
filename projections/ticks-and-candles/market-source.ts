import { type Decimal, decimal } from "../../platform/kernel/decimal.ts";
import { type Candle, foldRunning, type Tick } from "../../platform/market/candle.ts";
import { ALLOWED_LATENESS_MS, MINUTE_MS } from "../../platform/market/interval.ts";
import type { FoldedSecond } from "./folded-seconds.ts";
import type { TimeRange } from "./store.ts";
import { TooMuch } from "./too-much.ts";

/** Rows read at once, so that a long range stops nobody else. */
export const ROWS_AT_ONCE = 2_000;
/** Who asks for little is not made to wait for much: so many first, and then more. */
export const ROWS_AT_FIRST = 250;
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

/** A minute with trades; an open one may have a candle, which then counts only some of its ticks. */
export interface StoredMinute {
  readonly openTimeMs: number;
  /** `null`: it is open, and folded from its ticks. */
  readonly closed: Candle | null;
}

/**
 * Ticks and minutes of one instrument for one query, from whatever holds them: closed minutes from
 * their rows, open ones from their ticks. A store says how its rows are read.
 */
export abstract class MarketSource {
  readonly clock: InstrumentClock;
  #minutesRead = 0;

  constructor(clock: InstrumentClock) {
    this.clock = clock;
  }

  /** The last tick before `beforeMs` in tick order. */
  abstract lastTickBefore(beforeMs: number): Promise<Tick | null>;

  /**
   * Pieces of the seconds of a range, ascending; the first and the last second hold only those of
   * their ticks that are in the range.
   */
  abstract seconds(range: TimeRange): AsyncIterable<readonly FoldedSecond[]>;

  /** Pieces of the minutes with trades, ascending. */
  protected abstract storedMinutes(range: TimeRange): AsyncIterable<readonly StoredMinute[]>;

  /**
   * Pieces of the candles of all minutes with trades, ascending; both ends of the range are
   * minutes.
   */
  async *minutes(range: TimeRange): AsyncGenerator<readonly Candle[]> {
    for await (const piece of this.storedMinutes(range)) {
      this.#minutesRead += piece.length;
      if (this.#minutesRead > MINUTES_PER_QUERY) throw new TooMuch("minutes", MINUTES_PER_QUERY);
      yield await this.#candlesOf(piece);
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

  async #candlesOf(minutes: readonly StoredMinute[]): Promise<Candle[]> {
    const candles: Candle[] = [];
    for (const { openTimeMs, closed } of minutes) {
      const range = { fromMs: openTimeMs, toMs: openTimeMs + MINUTE_MS };
      if (closed !== null) candles.push(closed);
      else candles.push(...(await this.foldedMinutes(range)));
    }
    return candles;
  }
}

/** What a store says of an instrument. */
export interface ClockFacts {
  readonly contractSize: string | null;
  readonly watermarkMs: number | null;
  readonly newestMinuteMs: number | null;
  /** The first open minute that event time has not left behind. */
  readonly firstOpenMs: number | null;
  readonly lastTickMs: number | null;
}

/** An open minute that event time has not left behind may be older than one closed by command. */
export function clockOf(facts: ClockFacts): InstrumentClock {
  const { contractSize, watermarkMs, newestMinuteMs, firstOpenMs, lastTickMs } = facts;
  const closedMs = newestMinuteMs === null ? 0 : newestMinuteMs + MINUTE_MS;
  const leftBehindMs = (watermarkMs ?? 0) - ALLOWED_LATENESS_MS - 1;
  return {
    contractSize: contractSize === null ? null : decimal(contractSize),
    closedThroughMs: Math.min(
      Math.max(closedMs, leftBehindMs),
      firstOpenMs ?? Number.POSITIVE_INFINITY,
    ),
    lastTickMs,
  };
}

/** Open minutes that began before this are late ones, which event time has left behind. */
export const OPEN_BEFORE_WATERMARK_MS = MINUTE_MS + ALLOWED_LATENESS_MS;
