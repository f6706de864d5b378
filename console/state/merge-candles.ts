import type { Candle } from "../api/instruments.ts";

/** A page left open for days keeps so many. */
const LONGEST = 3_000;

/** Newer answers replace what they know; a candle that has not changed stays the same object. */
export function mergeCandles(
  known: readonly Candle[] | null,
  newer: readonly Candle[],
): readonly Candle[] {
  if (known === null) return newer;
  const byTime = new Map(known.map((candle) => [candle.openTime, candle]));
  let changed = false;
  for (const candle of newer) {
    const before = byTime.get(candle.openTime);
    if (before !== undefined && isSame(before, candle)) continue;
    byTime.set(candle.openTime, candle);
    changed = true;
  }
  if (!changed) return known;
  const rows = [...byTime.values()].sort((a, b) => (a.openTime < b.openTime ? -1 : 1));
  return rows.slice(-LONGEST);
}

function isSame(one: Candle, other: Candle): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
