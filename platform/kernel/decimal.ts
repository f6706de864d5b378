import { BigNumber } from "bignumber.js";

/**
 * Exact decimals for money, prices and quantities: at most 38 digits, 18 of them after the point.
 *
 * Sums are exact. A product or a quotient is rounded half-even to 18 places once, in `rounded`.
 * JavaScript numbers never stand for money; the only way in is decimal text.
 */
export const DECIMAL_PRECISION = 38;
export const DECIMAL_SCALE = 18;

const Exact = BigNumber.clone({
  DECIMAL_PLACES: DECIMAL_SCALE,
  ROUNDING_MODE: BigNumber.ROUND_HALF_EVEN,
  EXPONENTIAL_AT: 1e9,
});

export type Decimal = BigNumber;

const DECIMAL_TEXT = /^-?(\d{1,60})(\.\d{1,60})?([eE][+-]?\d{1,3})?$/;
const LIMIT = new Exact(10).pow(DECIMAL_PRECISION - DECIMAL_SCALE);

export const ZERO: Decimal = new Exact(0);
export const ONE: Decimal = new Exact(1);

/** True when the value has at most 38 digits, at most 18 of them after the point. */
export function fitsDecimal(value: Decimal): boolean {
  return (value.decimalPlaces() ?? Number.POSITIVE_INFINITY) <= DECIMAL_SCALE && isInRange(value);
}

/** True when the integer part has at most 20 digits: what 38 digits leave beside 18 places. */
export function isInRange(value: Decimal): boolean {
  return value.isFinite() && value.abs().lt(LIMIT);
}

/**
 * Reads decimal text, exponent notation included (`2.5e-7` stands in real files).
 * `null` when the text is not a decimal or does not fit 38 digits with 18 places.
 */
export function tryDecimal(text: string): Decimal | null {
  if (!DECIMAL_TEXT.test(text)) return null;
  const value = new Exact(text);
  return fitsDecimal(value) ? value : null;
}

/** As `tryDecimal`, for text already validated: throws a RangeError on anything else. */
export function decimal(text: string): Decimal {
  const value = tryDecimal(text);
  if (value === null) throw new RangeError(`not a decimal of 38 digits, 18 places: ${text}`);
  return value;
}

/** A ratio or a count, which are doubles, rounded to 18 places: never money, which is text. */
export function fromRatio(value: number): Decimal {
  return rounded(new Exact(value));
}

/** The decimal of an unscaled integer: `fromUnscaled(15n * 10n ** 17n)` is 1.5. */
export function fromUnscaled(unscaled: bigint): Decimal {
  return new Exact(unscaled.toString()).shiftedBy(-DECIMAL_SCALE);
}

/** The integer value · 10^18; throws a RangeError when the value does not fit. */
export function toUnscaled(value: Decimal): bigint {
  if (!fitsDecimal(value)) throw new RangeError(`does not fit 38 digits, 18 places: ${value}`);
  return BigInt(value.shiftedBy(DECIMAL_SCALE).toFixed(0));
}

/** A decimal as its digits stand in memory: fourteen decimal digits a group, aligned to the point. */
export interface DecimalDigits {
  readonly sign: 1 | -1;
  /** The power of ten of the first digit. */
  readonly exponent: number;
  /** Groups below 10^14, highest first, without zero groups at either end; `[0]` for zero. */
  readonly groups: number[];
}

/** The decimal of digits already in groups: the codec's way in, many times faster than text. */
export function fromDigits({ sign, exponent, groups }: DecimalDigits): Decimal {
  return new Exact({ s: sign, e: exponent, c: groups, _isBigNumber: true });
}

/** What structured cloning leaves of a decimal: its digits, and not what it is. */
export function isFrozenDecimal(value: object): boolean {
  const [sign, exponent, groups, ...others] = Object.keys(value);
  if (sign !== "s" || exponent !== "e" || groups !== "c" || others.length > 0) return false;
  return Array.isArray((value as { readonly c: unknown }).c);
}

/** Makes what was cloned a decimal again, in place. */
export function thawDecimal(cloned: object): Decimal {
  return Object.setPrototypeOf(cloned, Exact.prototype);
}

/** The one rounding of the platform: half-even to 18 places. */
export function rounded(value: Decimal): Decimal {
  return value.decimalPlaces(DECIMAL_SCALE, BigNumber.ROUND_HALF_EVEN);
}

/** a · b, rounded once. */
export function product(a: Decimal, b: Decimal): Decimal {
  return rounded(a.times(b));
}

/** a / b, rounded once; `b` must not be zero. */
export function quotient(a: Decimal, b: Decimal): Decimal {
  if (b.isZero()) throw new RangeError("division by zero");
  return a.div(b);
}

/** a · b / c with one rounding at the end: a proportional share of `a`. */
export function share(a: Decimal, b: Decimal, c: Decimal): Decimal {
  if (c.isZero()) throw new RangeError("division by zero");
  return a.times(b).div(c);
}

/** Plain notation without exponent and trailing zeros, as it stands in JSON and in digests. */
export function decimalText(value: Decimal): string {
  return value.isZero() ? "0" : value.toFixed();
}

export function minimum(a: Decimal, b: Decimal): Decimal {
  return a.lte(b) ? a : b;
}

export function maximum(a: Decimal, b: Decimal): Decimal {
  return a.gte(b) ? a : b;
}
