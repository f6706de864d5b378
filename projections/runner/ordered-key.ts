import type { Value } from "./projection.ts";

/**
 * The key of a row as one text, for stores that order texts by code point or by UTF-16 unit, and
 * keys of several columns not at all: in both these texts are ordered as `compareKeys` orders keys.
 *
 *   ["s-1"]            s-1
 *   ["s-1", 12]        s-1 NUL 10000000000000012
 *   ["s-1", -12]       s-1 NUL 09007199254740980
 *
 * What is not the last column ends with NUL, which no column can hold. An integer is its sign and
 * sixteen digits. Where the two orders of texts part, at the surrogates, a code point is written as
 * U+D7FF and two characters below it.
 */
export function orderedKey(key: readonly Value[]): string {
  return key.map(orderedValue).join("\u0000");
}

const ESCAPE = "\ud7ff";
const DIGITS = 16;
/** Below every safe integer. */
const LOWEST = Number.MIN_SAFE_INTEGER - 1;
const FROM_ESCAPE = /[\ud7ff-\uffff]/;
const EACH_FROM_ESCAPE = /[\ud7ff\ue000-\u{10ffff}]/gu;
const LOW_BITS = 11;
/** The two characters begin at space: NUL ends a column. */
const FIRST = 0x20;

function orderedValue(value: Value): string {
  if (typeof value === "number") return orderedInteger(value);
  if (typeof value !== "string") throw new TypeError(`no part of a key: ${value}`);
  return FROM_ESCAPE.test(value) ? value.replaceAll(EACH_FROM_ESCAPE, escaped) : value;
}

function orderedInteger(value: number): string {
  const [sign, distance] = value < 0 ? ["0", value - LOWEST] : ["1", value];
  return `${sign}${String(distance).padStart(DIGITS, "0")}`;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const [high, low] = [code >> LOW_BITS, code & ((1 << LOW_BITS) - 1)];
  return ESCAPE + String.fromCharCode(FIRST + high, FIRST + low);
}
