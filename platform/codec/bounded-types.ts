/**
 * Arrays and maps that refuse a count of more items than there are bytes left. avsc believes any
 * count, and would fill the memory from a damaged record.
 */
import avsc from "avsc";
import type { Readable, Tap } from "./avsc-internals.ts";

export class BoundedArrayType extends avsc.types.ArrayType {
  /** `this` is the type, or avsc's resolver in its place. */
  _read(this: { readonly itemsType: unknown }, tap: Tap): unknown[] {
    const items = this.itemsType as Readable;
    const read: unknown[] = [];
    for (let count = readCount(tap); count > 0; count = readCount(tap)) {
      for (let i = 0; i < count; i++) read.push(items._read(tap));
    }
    return read;
  }
}

export class BoundedMapType extends avsc.types.MapType {
  _read(this: { readonly valuesType: unknown }, tap: Tap): Record<string, unknown> {
    const values = this.valuesType as Readable;
    const read: Record<string, unknown> = {};
    for (let count = readCount(tap); count > 0; count = readCount(tap)) {
      for (let i = 0; i < count; i++) {
        const key = tap.readString();
        read[key] = values._read(tap);
      }
    }
    return read;
  }
}

/** Items of one block; 0 ends. A negative count is followed by the block's size in bytes. */
function readCount(tap: Tap): number {
  const count = tap.readLong();
  if (count < 0) tap.readLong();
  const items = Math.abs(count);
  const bytesLeft = tap.buf.length - tap.pos;
  if (items > bytesLeft) throw new RangeError(`${items} items in ${Math.max(bytesLeft, 0)} bytes`);
  return items;
}
