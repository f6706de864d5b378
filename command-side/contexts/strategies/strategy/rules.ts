/**
 * The grammar of a rule's words: `RSI`, `EMA_12`, `above_70`, `crosses_above_EMA_26`,
 * `between_30_70`. A refusal names the words that are allowed.
 */

const INDICATORS = [
  "RSI",
  "EMA",
  "SMA",
  "MACD",
  "BOLLINGER",
  "VWAP",
  "ATR",
  "PRICE",
  "VOLUME",
] as const;
type IndicatorName = (typeof INDICATORS)[number];

const LINES = ["signal", "upper", "middle", "lower"] as const;
const LEVELS = ["above", "below", "at_least", "at_most"] as const;
const CROSSES = ["crosses_above", "crosses_below"] as const;
const RANGES = ["between", "outside"] as const;
const BANDS = ["above_upper", "below_lower", "inside_bands"] as const;

const SHORTEST_PERIOD = 2;
const LONGEST_PERIOD = 500;

export interface IndicatorRef {
  readonly name: IndicatorName;
  readonly period: number | null;
}

type Operand =
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "line"; readonly line: (typeof LINES)[number] }
  | { readonly kind: "indicator"; readonly indicator: IndicatorRef };

export type Condition =
  | { readonly kind: "level"; readonly word: (typeof LEVELS)[number]; readonly than: string }
  | { readonly kind: "cross"; readonly word: (typeof CROSSES)[number]; readonly over: Operand }
  | {
      readonly kind: "range";
      readonly word: (typeof RANGES)[number];
      readonly low: string;
      readonly high: string;
    }
  | { readonly kind: "band"; readonly word: (typeof BANDS)[number] };

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

const NUMBER = String.raw`-?\d{1,20}(?:\.\d{1,18})?`;
const IS_NUMBER = new RegExp(`^${NUMBER}$`);
const LEVEL = new RegExp(`^(${LEVELS.join("|")})_(${NUMBER})$`);
const CROSS = new RegExp(`^(${CROSSES.join("|")})_(.+)$`);
const RANGE = new RegExp(`^(${RANGES.join("|")})_(${NUMBER})_(${NUMBER})$`);

const INDICATOR_RULE = `must be one of ${INDICATORS.join(", ")}, with a period where it has one (EMA_12)`;
const OPERAND_RULE = `a number, ${LINES.join(", ")} or an indicator (EMA_26)`;
const CONDITION_RULE = [
  `must be ${LEVELS.join(", ")} with a number (above_70)`,
  `${CROSSES.join(", ")} with ${OPERAND_RULE}`,
  `${RANGES.join(", ")} with two numbers (between_30_70)`,
  `or ${BANDS.join(", ")}`,
].join("; ");
export const PERIOD_RULE = `the period must be an integer from ${SHORTEST_PERIOD} to ${LONGEST_PERIOD}`;

/** `RSI`, `EMA_12`. */
export function parseIndicator(text: string): Parsed<IndicatorRef> {
  const [word = "", period, ...more] = text.split("_");
  const name = INDICATORS.find((known) => known === word);
  if (name === undefined || more.length > 0) return { ok: false, reason: INDICATOR_RULE };
  if (period === undefined) return { ok: true, value: { name, period: null } };
  if (!/^\d{1,3}$/.test(period) || !isPeriod(Number(period))) {
    return { ok: false, reason: PERIOD_RULE };
  }
  return { ok: true, value: { name, period: Number(period) } };
}

export function isPeriod(value: unknown): boolean {
  return (
    Number.isInteger(value) && Number(value) >= SHORTEST_PERIOD && Number(value) <= LONGEST_PERIOD
  );
}

/** `above_70`, `crosses_above_signal`, `between_30_70`, `inside_bands`. */
export function parseCondition(text: string): Parsed<Condition> {
  const band = BANDS.find((word) => word === text);
  if (band !== undefined) return { ok: true, value: { kind: "band", word: band } };
  const level = LEVEL.exec(text);
  if (level) return found({ kind: "level", word: level[1], than: level[2] } as Condition);
  const range = RANGE.exec(text);
  if (range) return parseRange(range);
  const cross = CROSS.exec(text);
  return cross ? parseCross(cross) : { ok: false, reason: CONDITION_RULE };
}

function parseRange([, word, low, high]: RegExpExecArray): Parsed<Condition> {
  if (Number(low) < Number(high)) return found({ kind: "range", word, low, high } as Condition);
  return { ok: false, reason: "the first number of a range must be below the second" };
}

function parseCross([, word, text = ""]: RegExpExecArray): Parsed<Condition> {
  const over = parseOperand(text);
  return over.ok ? found({ kind: "cross", word, over: over.value } as Condition) : over;
}

function parseOperand(text: string): Parsed<Operand> {
  if (IS_NUMBER.test(text)) return { ok: true, value: { kind: "number", text } };
  const line = LINES.find((known) => known === text);
  if (line !== undefined) return { ok: true, value: { kind: "line", line } };
  const indicator = parseIndicator(text);
  if (indicator.ok) return { ok: true, value: { kind: "indicator", indicator: indicator.value } };
  return { ok: false, reason: `what is crossed must be ${OPERAND_RULE}` };
}

function found(value: Condition): Parsed<Condition> {
  return { ok: true, value };
}
