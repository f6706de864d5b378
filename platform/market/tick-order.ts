/**
 * The order of ticks, and the numbers that make their times unique. One rule for decider, queries
 * and digests; pure.
 */

/** First ordinal of ticks that came late; those in order have 0 to 499,999 of their millisecond. */
export const FIRST_LATE_ORDINAL = 500_000;

/** What of a tick decides its place among the others of its instrument. */
export interface TickPlace {
  /** The exchange's trade time, epoch ms. */
  readonly timeMs: number;
  readonly ordinal: number;
  /** A number only where the instrument's ids rise with time. */
  readonly tradeId: number | string | null;
}

/**
 * Time, then numeric trade id, else ordinal. In a millisecond that has both, ticks with a numeric
 * id come first: without such a rule three ticks could each be before the next in a circle.
 */
export function compareTicks(a: TickPlace, b: TickPlace): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  const [idOfA, idOfB] = [a.tradeId, b.tradeId];
  if (typeof idOfA === "number") {
    if (typeof idOfB !== "number") return -1;
    if (idOfA !== idOfB) return idOfA - idOfB;
  } else if (typeof idOfB === "number") {
    return 1;
  }
  return a.ordinal - b.ordinal;
}

/** The ordinal of an instrument's n-th late tick, n counting from 0 for ever. */
export function ordinalOfLate(n: number): number {
  return FIRST_LATE_ORDINAL + (n % FIRST_LATE_ORDINAL);
}

/** How often the late ordinals were used up before the n-th late tick; a part of its identity. */
export function eraOfLate(n: number): number {
  return Math.floor(n / FIRST_LATE_ORDINAL);
}

export function isLate(ordinal: number): boolean {
  return ordinal >= FIRST_LATE_ORDINAL;
}

/** The era of each tick of an event, in the event's order; 0 for those that came in order. */
export function erasOf(event: {
  readonly lateBefore: number;
  readonly ticks: readonly TickPlace[];
}): number[] {
  let late = event.lateBefore;
  return event.ticks.map((tick) => (isLate(tick.ordinal) ? eraOfLate(late++) : 0));
}
