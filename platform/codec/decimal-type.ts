import avsc from "avsc";
import { BigNumber } from "bignumber.js";
import { DECIMAL_PRECISION, DECIMAL_SCALE, type Decimal } from "../kernel/decimal.ts";
import type { Tap } from "./avsc-internals.ts";
import { MAX_DECIMAL_BYTES, readDecimal, writeDecimal } from "./decimal-bytes.ts";

interface AttributesOfDecimal {
  readonly logicalType?: unknown;
  readonly precision?: unknown;
  readonly scale?: unknown;
}

/**
 * Avro's `decimal` of 38 digits, 18 of them after the point, as `Decimal`. It reads from and writes
 * to avsc's buffer itself: the bytes in between, which avsc's own way makes, cost more than the
 * conversion.
 */
export class DecimalType extends avsc.types.LogicalType {
  constructor(schema: avsc.Schema, options?: unknown) {
    super(schema, options);
    const { precision, scale } = schema as AttributesOfDecimal;
    if (precision === DECIMAL_PRECISION && scale === DECIMAL_SCALE) return;
    throw new RangeError(`decimals have precision 38 and scale 18, not ${precision} and ${scale}`);
  }

  _read(tap: Tap): Decimal {
    const length = tap.readLong();
    const start = tap.pos;
    tap.pos += length;
    if (tap.pos > tap.buf.length) throw new RangeError("a decimal is cut off");
    return readDecimal(tap.buf, start, length);
  }

  /** The length is one byte, for it is at most 16: a long writes it as twice its value. */
  _write(tap: Tap, value: unknown): void {
    if (!BigNumber.isBigNumber(value)) throw new TypeError(`not a Decimal: ${String(value)}`);
    const length = writeDecimal(value, tap.buf, tap.pos + 1);
    tap.buf[tap.pos] = length * 2;
    tap.pos += 1 + length;
  }

  _check(value: unknown, _flags: unknown, hook?: (value: unknown, type: this) => void): boolean {
    const fits = BigNumber.isBigNumber(value) && isWritable(value);
    if (!fits) hook?.(value, this);
    return fits;
  }

  protected override _fromValue(bytes: Buffer): Decimal {
    return readDecimal(bytes, 0, bytes.length);
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    return BigNumber.isBigNumber(value) ? bytesOf(value) : undefined;
  }

  /** Only decimals are read as decimals: plain bytes could be anything. */
  protected override _resolve(writer: avsc.Type): ((value: unknown) => unknown) | undefined {
    return writer instanceof DecimalType ? (value) => value : undefined;
  }

  protected override _export(schema: avsc.Schema): void {
    Object.assign(schema, { precision: DECIMAL_PRECISION, scale: DECIMAL_SCALE });
  }
}

/** The unscaled integer of a decimal as Avro and Java write it. */
export function bytesOf(value: Decimal): Buffer {
  const bytes = Buffer.alloc(MAX_DECIMAL_BYTES);
  return bytes.subarray(0, writeDecimal(value, bytes, 0));
}

function isWritable(value: Decimal): boolean {
  try {
    bytesOf(value);
    return true;
  } catch {
    return false;
  }
}
