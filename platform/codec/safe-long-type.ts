import avsc from "avsc";
import type { Tap } from "./avsc-internals.ts";

/** Below it the doubling of Avro's zigzag stays exact in a JavaScript number. */
const FAST_LIMIT = 2 ** 52;

/**
 * Avro's `long` as a JavaScript number, for every safe integer and no other. avsc's own loses the
 * last bit of numbers below −2^52, silently, and refuses 2^53 − 1.
 */
export class SafeLongType extends avsc.types.LongType {
  _read(tap: Tap): number {
    const start = tap.pos;
    const value = tap.readLong();
    return Math.abs(value) < FAST_LIMIT ? value : readLargeLong(tap.buf, start);
  }

  _write(tap: Tap, value: unknown): void {
    if (!isSafe(value)) throw new RangeError(`not a safe integer: ${String(value)}`);
    if (Math.abs(value) < FAST_LIMIT) tap.writeLong(value);
    else writeLargeLong(tap, value);
  }

  _check(value: unknown, _flags: unknown, hook?: (value: unknown, type: this) => void): boolean {
    const safe = isSafe(value);
    if (!safe) hook?.(value, this);
    return safe;
  }
}

function isSafe(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function readLargeLong(buffer: Buffer, start: number): number {
  let zigzag = 0n;
  let at = start;
  for (let shift = 0n; shift < 64n; shift += 7n) {
    const byte = buffer[at++] ?? 0;
    zigzag |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const value = Number((zigzag >> 1n) ^ -(zigzag & 1n));
  if (!isSafe(value)) throw new RangeError("a long beyond the safe integers");
  return value;
}

function writeLargeLong(tap: Tap, value: number): void {
  const doubled = BigInt(value) << 1n;
  let zigzag = value < 0 ? ~doubled : doubled;
  for (; zigzag >= 0x80n; zigzag >>= 7n) tap.buf[tap.pos++] = Number(zigzag & 0x7fn) | 0x80;
  tap.buf[tap.pos++] = Number(zigzag);
}
