import { deserialize, serialize } from "node:v8";
import { isFrozenDecimal, thawDecimal } from "../kernel/decimal.ts";

/**
 * Values as bytes and back, exactly: numbers (−0 and NaN among them), BigInts, texts of any UTF-16
 * units, arrays, plain objects, Maps, Sets, typed arrays and decimals, and what is shared stays
 * shared. Node writes and reads them (structured cloning, V8's own format); of a decimal it keeps
 * the digits and not what it is, so that reading makes it one again. Instances of other classes
 * come back as plain objects: whoever has them puts plain values in their place before.
 *
 *   0xFF, version of V8's format, value
 */
const V8_MARK = 0xff;

/** Bytes of another version are not read: another V8 may write them differently. */
export const BYTES_VERSION: number = serialize(null)[1] as number;

export function toBytes(value: unknown): Uint8Array {
  return serialize(value);
}

/** Throws where the bytes are no such value. */
export function fromBytes(bytes: Uint8Array): unknown {
  if (bytes[0] !== V8_MARK || bytes[1] !== BYTES_VERSION) {
    throw new RangeError(`not a value in version ${BYTES_VERSION} of V8's format`);
  }
  const value: unknown = deserialize(bytes);
  thawDecimals(value, new Set());
  return value;
}

/** In place: nobody else has what was just read. */
function thawDecimals(value: unknown, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (seen.has(value)) return;
  seen.add(value);
  if (isFrozenDecimal(value)) thawDecimal(value);
  else for (const part of partsOf(value)) thawDecimals(part, seen);
}

function* partsOf(value: object): Iterable<unknown> {
  if (value instanceof Map) {
    yield* value.keys();
    yield* value.values();
  } else if (value instanceof Set || Array.isArray(value)) yield* value;
  else yield* Object.values(value);
}
