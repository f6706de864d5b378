/** Zigzag integers of variable length, as Kafka's record format v2 has them. */

const LONGEST_VARINT_BYTES = 5;
const LONGEST_VARLONG_BYTES = 10;

export function varintSize(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  for (; rest > 0x7f; rest >>>= 7) size += 1;
  return size;
}

/** Writes an int32; gives the position after it. */
export function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let place = at;
  for (; rest > 0x7f; rest >>>= 7) {
    buffer[place] = (rest & 0x7f) | 0x80;
    place += 1;
  }
  buffer[place] = rest;
  return place + 1;
}

/** A place in a buffer that is read from front to back. */
export class Cursor {
  readonly buffer: Buffer;
  at: number;

  constructor(buffer: Buffer, at = 0) {
    this.buffer = buffer;
    this.at = at;
  }

  get left(): number {
    return this.buffer.length - this.at;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  int8(): number {
    this.at += 1;
    return this.buffer.readInt8(this.at - 1);
  }

  int16(): number {
    this.at += 2;
    return this.buffer.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.buffer.readInt32BE(this.at - 4);
  }

  /** Of offsets and times, which a double holds exactly for ever to come. */
  int64(): number {
    this.at += 8;
    return Number(this.buffer.readBigInt64BE(this.at - 8));
  }

  varint(): number {
    let value = 0;
    for (let index = 0; index < LONGEST_VARINT_BYTES; index += 1) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << (index * 7);
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError(`an integer of over ${LONGEST_VARINT_BYTES} bytes at ${this.at}`);
  }

  /** Slower than `varint`, for what may be beyond 32 bits. */
  varlong(): number {
    let value = 0n;
    for (let index = 0n; index < LONGEST_VARLONG_BYTES; index += 1n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << (index * 7n);
      if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n));
    }
    throw new RangeError(`an integer of over ${LONGEST_VARLONG_BYTES} bytes at ${this.at}`);
  }

  bytes(length: number): Buffer {
    if (length > this.left)
      throw new RangeError(`${length} bytes at ${this.at}, ${this.left} left`);
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }

  text(length: number): string {
    return this.bytes(length).toString("utf8");
  }

  #byte(): number {
    const byte = this.buffer[this.at];
    if (byte === undefined) throw new RangeError(`the buffer ends at ${this.at}`);
    this.at += 1;
    return byte;
  }
}
