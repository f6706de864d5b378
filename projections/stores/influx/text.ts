/** Texts and times as the line protocol takes them and as InfluxQL gives them back. */

/**
 * What a tag's value may not hold, or only escaped in ways that differ between line protocol and
 * InfluxQL: control characters, blank, quotes, comma, equals sign, backslash; and the percent sign,
 * which stands for all of them.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE_IN_TAG = /[\u0000- "%',=\\\u007f]/g;
/** An empty tag is none. */
const EMPTY_TAG = "%";

/** `a b` as `a%20b`, so that a tag's value needs no escapes anywhere. */
export function tagText(text: string): string {
  if (text === "") return EMPTY_TAG;
  return text.replace(UNSAFE_IN_TAG, (unit) => {
    return `%${unit.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

export function textOfTag(tag: string): string {
  if (tag === EMPTY_TAG) return "";
  return tag.replace(/%([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** A text as a field's value in the line protocol. */
export function fieldText(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

export const NS_PER_MS = 1_000_000;
const NS_DIGITS = 6;

/** The server's earliest and latest whole milliseconds. */
export const EARLIEST_MS = -9_223_372_036_854;
export const LATEST_MS = 9_223_372_036_853;

/** Epoch ms and nanoseconds after that, which may be more than a millisecond, as the server's time. */
export function timeText(ms: number, ns: number): string {
  if (ms <= 0) return String(nanoseconds(ms) + BigInt(ns));
  if (ns < NS_PER_MS) return `${ms}${String(ns).padStart(NS_DIGITS, "0")}`;
  return timeText(ms + Math.floor(ns / NS_PER_MS), ns % NS_PER_MS);
}

/** Epoch ms as the server's time, kept within what it can hold. */
export function nanoseconds(ms: number): bigint {
  return BigInt(Math.min(Math.max(ms, EARLIEST_MS), LATEST_MS)) * BigInt(NS_PER_MS);
}

/** A time as the server gives it. */
export interface InfluxTime {
  /** Epoch ms. */
  readonly ms: number;
  /** Below 10^6. */
  readonly ns: number;
}

const SECONDS_LENGTH = "1970-01-01T00:00:00".length;

/** Of `2024-08-08T23:54:15.342000001Z`, whose nanoseconds no number could hold. */
export function parsedTime(text: string): InfluxTime {
  const secondsMs = Date.parse(`${text.slice(0, SECONDS_LENGTH)}Z`);
  const digits = text.slice(SECONDS_LENGTH + 1, -1).padEnd(9, "0");
  return { ms: secondsMs + Number(digits.slice(0, 3)), ns: Number(digits.slice(3)) };
}
