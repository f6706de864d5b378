/**
 * The bytes of a decimal: its unscaled integer (value · 10^18) in big-endian two's complement, as
 * few bytes as hold it; zero is one zero byte. The same as Java's `BigInteger.toByteArray`.
 *
 * Every tick passes here several times, so the conversion works on small plain numbers instead of
 * BigInts or text. The unscaled integer is kept in limbs of a mixed radix that meets the groups of
 * fourteen digits in which a `Decimal` holds its coefficient:
 *
 *   limb     5         4 3         2 1          0
 *   digits   6         7 7         7 7          4
 *   group    10^14     10^0        10^-14       10^-28 (its first four digits)
 *
 * A limb times 2^24 plus a carry stays below 2^53, so every step is exact.
 */
import { type Decimal, fromDigits, ZERO } from "../kernel/decimal.ts";

/** 38 digits need 127 bits and a sign. */
export const MAX_DECIMAL_BYTES = 16;

const RADICES = [1e4, 1e7, 1e7, 1e7, 1e7, 1e6] as const;
const LIMBS = RADICES.length;
const HALF_GROUP = 1e7;
const GROUP_DIGITS = 14;
const HIGHEST_GROUP = 1;
const LOWEST_GROUP = -2;
const LOWEST_GROUP_UNIT = 1e10;
const CHUNK = 0x1000000;
const CHUNK_BITS = 24;
const CHUNK_BYTES = 3;

/** Scratch of the running call; nothing in it outlives the call. */
const limbs = new Float64Array(LIMBS);
const chunks = new Int32Array(LIMBS);

/**
 * Writes `value` into `target` from `start` and gives the number of bytes; bytes beyond the end of
 * `target` are dropped. Throws a RangeError when the value has more than 38 digits or 18 places.
 */
export function writeDecimal(value: Decimal, target: Uint8Array, start: number): number {
  loadLimbs(value);
  chunkLimbs();
  const flip = value.s === -1 && subtractOne() ? 0xff : 0;
  const length = (bitsOfChunks() >> 3) + 1;
  let at = start + length - 1;
  for (let i = 0; at >= start; i++) {
    const chunk = chunks[i] ?? 0;
    target[at--] = (chunk & 0xff) ^ flip;
    if (at >= start) target[at--] = ((chunk >> 8) & 0xff) ^ flip;
    if (at >= start) target[at--] = (chunk >> 16) ^ flip;
  }
  return length;
}

/** The decimal in `length` bytes of `source`; throws a RangeError beyond 38 digits. */
export function readDecimal(source: Uint8Array, start: number, length: number): Decimal {
  if (length < 1 || length > MAX_DECIMAL_BYTES) throw outOfRange(`${length} bytes`);
  const negative = (source[start] ?? 0) >= 0x80;
  const flip = negative ? 0xff : 0;
  const end = start + length;
  let at = start;
  let size = ((length - 1) % CHUNK_BYTES) + 1;
  limbs.fill(0);
  while (at < end) {
    let chunk = 0;
    for (; size > 0; size--) chunk = chunk * 256 + ((source[at++] ?? 0) ^ flip);
    addChunk(negative && at === end ? chunk + 1 : chunk);
    size = CHUNK_BYTES;
  }
  return decimalOfLimbs(negative ? -1 : 1);
}

function loadLimbs(value: Decimal): void {
  const { c: groups, e: exponent } = value;
  if (groups === null || exponent === null) throw outOfRange(value.toString());
  const top = Math.floor(exponent / GROUP_DIGITS);
  const bottom = top - groups.length + 1;
  if (top > HIGHEST_GROUP || bottom < LOWEST_GROUP) throw outOfRange(value.toString());
  const middle = top >= 0 ? (groups[top] ?? 0) : 0;
  const low = top >= -1 ? (groups[top + 1] ?? 0) : 0;
  const lowest = (groups[top + 2] ?? 0) / LOWEST_GROUP_UNIT;
  limbs[5] = top === HIGHEST_GROUP ? (groups[0] ?? 0) : 0;
  limbs[4] = Math.floor(middle / HALF_GROUP);
  limbs[3] = middle % HALF_GROUP;
  limbs[2] = Math.floor(low / HALF_GROUP);
  limbs[1] = low % HALF_GROUP;
  limbs[0] = lowest;
  const fits = (limbs[5] ?? 0) < RADICES[5] && Number.isInteger(lowest);
  if (!fits) throw outOfRange(value.toString());
}

/** The limbs as chunks of 24 bits, lowest first. */
function chunkLimbs(): void {
  chunks.fill(0);
  let used = 0;
  for (let limb = LIMBS - 1; limb >= 0; limb--) {
    const radix = RADICES[limb] ?? 0;
    let carry = limbs[limb] ?? 0;
    for (let i = 0; i < used; i++) {
      const sum = (chunks[i] ?? 0) * radix + carry;
      carry = Math.floor(sum / CHUNK);
      chunks[i] = sum - carry * CHUNK;
    }
    if (carry > 0) chunks[used++] = carry;
  }
}

/** −n is the complement of n − 1; false for zero, which has no sign. */
function subtractOne(): boolean {
  for (let i = 0; i < LIMBS; i++) {
    const chunk = chunks[i] ?? 0;
    chunks[i] = chunk === 0 ? CHUNK - 1 : chunk - 1;
    if (chunk !== 0) return true;
  }
  chunks.fill(0);
  return false;
}

function bitsOfChunks(): number {
  let top = LIMBS - 1;
  while (top > 0 && chunks[top] === 0) top--;
  return top * CHUNK_BITS + 32 - Math.clz32(chunks[top] ?? 0);
}

/** limbs · 2^24 + chunk. */
function addChunk(chunk: number): void {
  let carry = chunk;
  for (let i = 0; i < LIMBS; i++) {
    const radix = RADICES[i] ?? 0;
    const sum = (limbs[i] ?? 0) * CHUNK + carry;
    carry = Math.floor(sum / radix);
    limbs[i] = sum - carry * radix;
  }
  if (carry > 0) throw outOfRange("an unscaled value beyond 10^38");
}

function decimalOfLimbs(sign: 1 | -1): Decimal {
  const groups = [
    limbs[5] ?? 0,
    (limbs[4] ?? 0) * HALF_GROUP + (limbs[3] ?? 0),
    (limbs[2] ?? 0) * HALF_GROUP + (limbs[1] ?? 0),
    (limbs[0] ?? 0) * LOWEST_GROUP_UNIT,
  ];
  let first = 0;
  while (first < groups.length && groups[first] === 0) first++;
  if (first === groups.length) return ZERO;
  let end = groups.length;
  while (groups[end - 1] === 0) end--;
  const exponent = (HIGHEST_GROUP - first) * GROUP_DIGITS + digitsOf(groups[first] ?? 0) - 1;
  return fromDigits({ sign, exponent, groups: groups.slice(first, end) });
}

function digitsOf(group: number): number {
  let digits = 1;
  for (let rest = group; rest >= 10; rest /= 10) digits++;
  return digits;
}

function outOfRange(what: string): RangeError {
  return new RangeError(`not a decimal of 38 digits with 18 places: ${what}`);
}
