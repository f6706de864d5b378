/** Buckets of time, all in UTC: a time exactly on a border belongs to the new bucket. */

const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** How late a tick may come before its minute is closed: a later one closes, and revises. */
export const ALLOWED_LATENESS_MS = 2_000;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-01 was a Thursday: weeks begin on Mondays, three days earlier. */
const MONDAY_SHIFT_MS = 3 * DAY_MS;

/** Width of the intervals that all have the same; months are calendar months. */
const WIDTHS_MS = {
  "1s": SECOND_MS,
  "5s": 5 * SECOND_MS,
  "10s": 10 * SECOND_MS,
  "15s": 15 * SECOND_MS,
  "30s": 30 * SECOND_MS,
  "1m": MINUTE_MS,
  "3m": 3 * MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "30m": 30 * MINUTE_MS,
  "1h": HOUR_MS,
  "2h": 2 * HOUR_MS,
  "4h": 4 * HOUR_MS,
  "6h": 6 * HOUR_MS,
  "8h": 8 * HOUR_MS,
  "12h": 12 * HOUR_MS,
  "1d": DAY_MS,
  "1w": WEEK_MS,
  "1M": null,
} as const satisfies Record<string, number | null>;

export type Interval = keyof typeof WIDTHS_MS;

/** Every interval, shortest first. */
export const intervals = Object.keys(WIDTHS_MS) as readonly Interval[];

/** The interval of a text; `null` when there is none of that name. */
export function parseInterval(text: string): Interval | null {
  return intervals.find((interval) => interval === text) ?? null;
}

/** Shorter than a minute: such candles are folded from ticks, longer ones from minutes. */
export function isFoldedFromTicks(interval: Interval): boolean {
  const widthMs = WIDTHS_MS[interval];
  return widthMs !== null && widthMs < MINUTE_MS;
}

/** Where the bucket of `timeMs` begins, epoch ms. */
export function bucketStart(timeMs: number, interval: Interval): number {
  const widthMs = WIDTHS_MS[interval];
  if (widthMs === null) return startOfMonth(timeMs, 0);
  const shiftMs = widthMs === WEEK_MS ? MONDAY_SHIFT_MS : 0;
  return Math.floor((timeMs + shiftMs) / widthMs) * widthMs - shiftMs;
}

/** Where the bucket after that of `timeMs` begins: the first moment no longer in it. */
export function bucketEnd(timeMs: number, interval: Interval): number {
  const widthMs = WIDTHS_MS[interval];
  return widthMs === null ? startOfMonth(timeMs, 1) : bucketStart(timeMs, interval) + widthMs;
}

export function minuteOf(timeMs: number): number {
  return timeMs - (timeMs % MINUTE_MS);
}

function startOfMonth(timeMs: number, monthsLater: number): number {
  const date = new Date(timeMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsLater, 1);
}
