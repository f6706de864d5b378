/** Zones change their offset on quarter hours at the earliest: all its moments share one day. */
const QUARTER_HOUR_MS = 900_000;
const REMEMBERED_QUARTERS = 100_000;

/** `2024-08-08`: the calendar day of a moment in an IANA zone, daylight saving included. */
export function dayIn(timeMs: number, zone: string): string {
  if (zone === "UTC") return new Date(timeMs).toISOString().slice(0, 10);
  const quarter = Math.floor(timeMs / QUARTER_HOUR_MS);
  const days = daysOf(zone);
  const known = days.byQuarter.get(quarter);
  if (known !== undefined) return known;
  const day = days.format.format(quarter * QUARTER_HOUR_MS);
  if (days.byQuarter.size >= REMEMBERED_QUARTERS) days.byQuarter.clear();
  days.byQuarter.set(quarter, day);
  return day;
}

/** True for the names that `dayIn` understands. */
export function isZone(zone: string): boolean {
  try {
    daysOf(zone);
    return true;
  } catch {
    return false;
  }
}

interface Days {
  readonly format: Intl.DateTimeFormat;
  readonly byQuarter: Map<number, string>;
}

const ZONES = 100;
const daysByZone = new Map<string, Days>();

function daysOf(zone: string): Days {
  const known = daysByZone.get(zone);
  if (known !== undefined) return known;
  // The Swedish form of a date is that of ISO 8601.
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  const days = { format, byQuarter: new Map<number, string>() };
  if (daysByZone.size >= ZONES) daysByZone.clear();
  daysByZone.set(zone, days);
  return days;
}
