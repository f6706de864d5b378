import { type Decimal, decimal, fromDigits } from "../../platform/kernel/decimal.ts";

const GROUP_DIGITS = 14;
const POWERS = Array.from({ length: GROUP_DIGITS + 1 }, (_, digits) => 10 ** digits);
/** What nearly all prices and volumes of 1 and more look like. */
const USUAL = /^(-?)([1-9]\d{0,13})(?:\.(\d{0,17}[1-9]))?$/;
/** And those below 1. */
const BELOW_ONE = /^(-?)0\.(0*)([1-9]\d*)$/;

/**
 * The decimal of canonical text as the stores keep it (no exponent, no needless zeros). The same as
 * `decimal`, several times faster: folding a candle reads nine of them a minute.
 */
export function storedDecimal(text: string): Decimal {
  const usual = USUAL.exec(text);
  if (usual !== null) {
    const [, minus, whole = "", fraction = ""] = usual;
    const groups = [Number(whole), ...fractionGroups(fraction)];
    return fromDigits({ sign: signOf(minus), exponent: whole.length - 1, groups });
  }
  const [, minus, zeros = "", digits = ""] = BELOW_ONE.exec(text) ?? [];
  const fits = digits !== "" && zeros.length + digits.length <= GROUP_DIGITS;
  if (!fits) return decimal(text);
  const groups = fractionGroups(zeros + digits);
  return fromDigits({ sign: signOf(minus), exponent: -zeros.length - 1, groups });
}

function signOf(minus: string | undefined): 1 | -1 {
  return minus === "-" ? -1 : 1;
}

/** `63` is the group 63 000 000 000 000; without zero groups at the end. */
function fractionGroups(fraction: string): number[] {
  if (fraction === "") return [];
  const first = fraction.slice(0, GROUP_DIGITS);
  const group = Number(first) * (POWERS[GROUP_DIGITS - first.length] as number);
  return [group, ...fractionGroups(fraction.slice(GROUP_DIGITS))];
}
