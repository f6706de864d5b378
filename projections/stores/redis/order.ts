import type { ColumnType, Value } from "../../runner/projection.ts";

/**
 * Values as texts whose order by byte is that of the values, so that a sorted set whose scores are
 * all 0 stands in the order of keys, or in that of an index:
 *
 *   text      the text and a NUL, which no text contains: a text stands before its continuations
 *   integer   a sign, 0 or 1, and 16 digits: 5 is 10000000000000005
 *   double    a 1 and the 16 hexadecimal digits of its bits, turned so that they rise with it
 *   null      a minus, padded: before every number; where texts stand, there is none
 *
 * What is no text has one width, so that a part of a key can be cut off by length.
 */
export const ORDERED_NUMBER_CHARACTERS = 17;

const DIGITS = ORDERED_NUMBER_CHARACTERS - 1;
const NULL = "-".padEnd(ORDERED_NUMBER_CHARACTERS);

export function orderedText(type: ColumnType, value: Value): string {
  if (value === null) return NULL;
  if (typeof value === "string") return `${value}\u0000`;
  return type === "double" ? orderedDouble(Number(value)) : orderedInteger(Number(value));
}

/** A negative one counts from the lowest there is. */
function orderedInteger(value: number): string {
  const digits = value < 0 ? value + Number.MAX_SAFE_INTEGER : value;
  return `${value < 0 ? 0 : 1}${String(digits).padStart(DIGITS, "0")}`;
}

const bits = new DataView(new ArrayBuffer(8));

/** The bits of a positive double rise with it; those of a negative one fall. */
function orderedDouble(value: number): string {
  bits.setFloat64(0, value === 0 ? 0 : value);
  const [high, low] = [bits.getUint32(0), bits.getUint32(4)];
  const isNegative = high >>> 31 === 1;
  const turnedHigh = isNegative ? ~high >>> 0 : (high | 0x80000000) >>> 0;
  const turnedLow = isNegative ? ~low >>> 0 : low;
  return `1${hexadecimal(turnedHigh)}${hexadecimal(turnedLow)}`;
}

function hexadecimal(word: number): string {
  return word.toString(16).padStart(DIGITS / 2, "0");
}
