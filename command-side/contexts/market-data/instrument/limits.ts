/** How far ahead of the clock a tick's time may be; beyond, its source's clock is wrong. */
export const FUTURE_TICK_MILLISECONDS = 5 * 60_000;
/** A live tick this near to the clock makes the instrument one that the clock may close. */
export const CLOCK_CLOSES_WITHIN_MILLISECONDS = 60_000;
/** How far back, in event time, an instrument remembers its one-minute candles. */
export const CANDLES_KEPT_MILLISECONDS = 24 * 60 * 60_000;

/** Ticks of one RecordTicks: each can close a minute, and an append holds 1,000 events. */
export const MAX_TICKS_PER_COMMAND = 500;

/** Numeric trade ids are remembered as at most this many intervals. */
export const MAX_ID_INTERVALS = 10_000;
/** Other ticks are remembered as hashes: never more than this many … */
export const MAX_TICK_HASHES = 1_000_000;
/** … at least this many if there were so many … */
export const MIN_TICK_HASHES = 200_000;
/** … and as far as there is room, all of this much event time. */
export const TICK_HASHES_KEPT_MILLISECONDS = 7 * 24 * 60 * 60_000;

export const MAX_ALIASES = 100;
export const MAX_BACKFILL_RANGES = 1_000;
export const MAX_BACKFILL_SPAN_MILLISECONDS = 366 * 24 * 60 * 60_000;

/** The first block of Bitcoin, 2009-01-03: an earlier tick gives seconds as milliseconds. */
export const EARLIEST_TICK_MS = 1_231_006_505_000;
/** The first power of ten of price, volume and their product that no trade has. */
export const ABSURD_MAGNITUDE = 13;
/** A minute's sums are below 10^19 before a command, so that they fit 38 digits after it. */
export const MAX_MINUTE_SUM = "1e19";

/** Minutes older than the state of which the last revision is remembered, to know it again. */
export const REVISED_MINUTES_KEPT = 1_000;
/** A revision is an Avro int; far below its end there is room for all that come. */
export const MAX_REVISION = 1_000_000_000;
