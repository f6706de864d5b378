import type avsc from "avsc";
import { MalformedRecord } from "./codec-errors.ts";

/**
 * A record's value in Confluent wire format:
 *
 *   byte 0      0
 *   bytes 1–4   schema id, big-endian int32
 *   bytes 5 …   Avro body
 */
const MAGIC = 0;
export const HEAD_BYTES = 5;
const FIRST_SCRATCH_BYTES = 64 * 1024;

let scratch = Buffer.alloc(FIRST_SCRATCH_BYTES);

/** The value in a buffer of its own, so that it can be handed to another thread. */
export function encodeValue(schemaId: number, type: avsc.Type, data: unknown): Uint8Array {
  let end = type.encode(data, scratch, HEAD_BYTES);
  if (end < 0) {
    scratch = Buffer.alloc(2 * (scratch.length - end));
    end = type.encode(data, scratch, HEAD_BYTES);
  }
  scratch[0] = MAGIC;
  scratch.writeInt32BE(schemaId, 1);
  const value = new Uint8Array(end);
  value.set(scratch.subarray(0, end));
  return value;
}

/** The schema id a value names, or `null` when it is not in wire format. */
export function schemaIdOf(value: Uint8Array): number | null {
  if (value.length < HEAD_BYTES || value[0] !== MAGIC) return null;
  const [, one = 0, two = 0, three = 0, four = 0] = value;
  return (one << 24) | (two << 16) | (three << 8) | four;
}

/** The same body under the id that the same schema has in another registry. */
export function withSchemaId(value: Uint8Array, schemaId: number): Uint8Array {
  const renamed = new Uint8Array(value);
  new DataView(renamed.buffer).setInt32(1, schemaId);
  return renamed;
}

/** The data of a value; throws a `MalformedRecord` unless the body is used up exactly. */
export function decodeBody(value: Uint8Array, type: avsc.Type, resolver?: avsc.Resolver): unknown {
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const { value: data, offset } = decodeOrRefuse(buffer, type, resolver);
  if (offset === buffer.length) return data;
  const problem = offset < 0 ? "is cut off" : `goes on after ${offset} of ${buffer.length} bytes`;
  throw new MalformedRecord("MALFORMED_BODY", `the body ${problem}`);
}

function decodeOrRefuse(buffer: Buffer, type: avsc.Type, resolver?: avsc.Resolver) {
  try {
    return type.decode(buffer, HEAD_BYTES, resolver);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MalformedRecord("MALFORMED_BODY", `the body cannot be read: ${reason}`, { cause });
  }
}
