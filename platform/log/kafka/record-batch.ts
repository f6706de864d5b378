import { createRequire } from "node:module";
import { constants, gunzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { LogRecord, NewRecord } from "../log.ts";
import { Cursor, varintSize, writeVarint } from "./varint.ts";

const crc32C = createRequire(import.meta.url)("kafkajs/src/protocol/recordBatch/crc32C") as (
  bytes: Buffer,
) => number;

/**
 * Kafka's record batch, format v2 (KIP-98), big-endian:
 *
 *   baseOffset int64, length int32 (of what follows), leaderEpoch int32, magic int8 = 2,
 *   crc int32 (CRC-32C of what follows), attributes int16 (codec in bits 0-2, append time 3,
 *   transactional 4, control 5), lastOffsetDelta int32, baseTimestamp int64, maxTimestamp int64,
 *   producerId int64, producerEpoch int16, baseSequence int32, count int32, records (compressed
 *   together)
 *
 * and a record, its integers as zigzag varints:
 *
 *   length, attributes int8, timestampDelta, offsetDelta, key length and bytes, value length and
 *   bytes, count of headers, each with name length and bytes, value length and bytes
 */
const MAGIC = 2;
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const HEADER_BYTES = 61;
/** What `length` does not count: base offset and itself. */
const UNCOUNTED_BYTES = 12;
const CODEC_MASK = 0x07;
const APPEND_TIME_FLAG = 0x08;
const CONTROL_FLAG = 0x20;
/** The length of a value that is not there. */
const NO_BYTES = -1;
const CODECS = { none: 0, gzip: 1, zstd: 4 } as const;
/** Beyond this a batch would not be one of ours, nor of anybody's with a broker's usual limits. */
const MAX_UNCOMPRESSED_BYTES = 256 * 1024 * 1024;
/** The fastest level that still finds what repeats from event to event. */
const ZSTD_LEVEL = 1;
/** One event gains a fifth, and costs as much time as sixteen that lose two thirds. */
const SMALLEST_COMPRESSED_BYTES = 2_048;

export type Compression = "none" | "zstd";

/** Of a compacted topic; without a value its key is deleted. */
export type KeyedRecord = Omit<NewRecord, "value"> & { readonly value: Uint8Array | null };

export interface BatchParts {
  readonly records: readonly KeyedRecord[];
  readonly timestampMs: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly compression: Compression;
}

/** A producer that is not idempotent: the broker knows nothing of it. */
export const PLAIN_PRODUCER = { producerId: "-1", producerEpoch: -1, firstSequence: -1 } as const;

/** One atomic batch of a producer; all records have the same time. A small one stays as it is. */
export function encodeRecordBatch(parts: BatchParts): Buffer {
  const { records, timestampMs, compression } = parts;
  const plain = encodeRecords(records);
  const codec = plain.length < SMALLEST_COMPRESSED_BYTES ? "none" : compression;
  const body = codec === "zstd" ? compressed(plain) : plain;
  const batch = Buffer.alloc(HEADER_BYTES + body.length);
  batch.writeInt32BE(batch.length - UNCOUNTED_BYTES, LENGTH_AT);
  batch.writeInt8(MAGIC, MAGIC_AT);
  batch.writeInt16BE(CODECS[codec], ATTRIBUTES_AT);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(timestampMs), 27);
  batch.writeBigInt64BE(BigInt(timestampMs), 35);
  batch.writeBigInt64BE(BigInt(parts.producerId), 43);
  batch.writeInt16BE(parts.producerEpoch, 51);
  batch.writeInt32BE(parts.firstSequence, 53);
  batch.writeInt32BE(records.length, 57);
  body.copy(batch, HEADER_BYTES);
  batch.writeUInt32BE(crc32C(batch.subarray(ATTRIBUTES_AT)), CRC_AT);
  return batch;
}

function compressed(plain: Buffer): Buffer {
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL };
  return zstdCompressSync(plain, { params });
}

/** A record with its texts as bytes, so that each is converted once. */
interface RawRecord {
  readonly key: Buffer;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [Buffer, Buffer])[];
  /** Without the length itself. */
  readonly size: number;
}

function encodeRecords(records: readonly KeyedRecord[]): Buffer {
  const raw = records.map(rawRecord);
  const total = raw.reduce((sum, { size }) => sum + varintSize(size) + size, 0);
  const buffer = Buffer.allocUnsafe(total);
  let at = 0;
  for (const [index, record] of raw.entries()) at = writeRecord(buffer, at, { index, record });
  return buffer;
}

function rawRecord({ key, value, headers }: KeyedRecord, index: number): RawRecord {
  const keyBytes = Buffer.from(key);
  const pairs = Object.entries(headers).map(([name, text]) => {
    return [Buffer.from(name), Buffer.from(text)] as const;
  });
  let size = 2 + varintSize(index) + sized(keyBytes) + sized(value) + varintSize(pairs.length);
  for (const [name, text] of pairs) size += sized(name) + sized(text);
  return { key: keyBytes, value, headers: pairs, size };
}

function sized(bytes: Uint8Array | null): number {
  return bytes === null ? varintSize(NO_BYTES) : varintSize(bytes.length) + bytes.length;
}

function writeRecord(
  buffer: Buffer,
  start: number,
  { index, record }: { readonly index: number; readonly record: RawRecord },
): number {
  let at = writeVarint(buffer, start, record.size);
  buffer[at] = 0;
  buffer[at + 1] = 0;
  at = writeVarint(buffer, at + 2, index);
  at = writeBytes(buffer, at, record.key);
  at = writeBytes(buffer, at, record.value);
  at = writeVarint(buffer, at, record.headers.length);
  for (const [name, text] of record.headers) {
    at = writeBytes(buffer, writeBytes(buffer, at, name), text);
  }
  return at;
}

function writeBytes(buffer: Buffer, start: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(buffer, start, NO_BYTES);
  const at = writeVarint(buffer, start, bytes.length);
  buffer.set(bytes, at);
  return at + bytes.length;
}

/**
 * The records of a fetched record set from a position on. Control records of foreign transactions
 * are left out; a batch that is cut off at the end comes whole with the next fetch. No batch is
 * decoded after the one that has made `maxRecords` full.
 */
export function decodeRecordBatches(
  set: Buffer,
  from: number,
  maxRecords = Number.POSITIVE_INFINITY,
): LogRecord[] {
  const records: LogRecord[] = [];
  const cursor = new Cursor(set);
  while (cursor.left >= HEADER_BYTES && records.length < maxRecords) {
    const start = cursor.at;
    const length = set.readInt32BE(start + LENGTH_AT);
    const end = start + UNCOUNTED_BYTES + length;
    if (end > set.length) break;
    requireMagic(set, start);
    decodeBatch(set.subarray(start, end), from, records);
    cursor.at = end;
  }
  return records;
}

function requireMagic(set: Buffer, start: number): void {
  const magic = set[start + MAGIC_AT];
  if (magic === MAGIC) return;
  throw new RangeError(`a record batch of format ${magic}; format ${MAGIC} is read`);
}

function decodeBatch(batch: Buffer, from: number, into: LogRecord[]): void {
  const cursor = new Cursor(batch);
  const baseOffset = cursor.int64();
  cursor.at = ATTRIBUTES_AT;
  const attributes = cursor.int16();
  const lastOffsetDelta = cursor.int32();
  const baseTimestamp = cursor.int64();
  const maxTimestamp = cursor.int64();
  if (attributes & CONTROL_FLAG || baseOffset + lastOffsetDelta < from) return;
  const count = batch.readInt32BE(HEADER_BYTES - 4);
  const records = new Cursor(plainOf(batch.subarray(HEADER_BYTES), attributes & CODEC_MASK));
  for (let index = 0; index < count; index += 1) {
    const { delta, deltaMs, ...record } = decodeRecord(records);
    const position = baseOffset + delta;
    const timestampMs = attributes & APPEND_TIME_FLAG ? maxTimestamp : baseTimestamp + deltaMs;
    if (position >= from) into.push({ ...record, position, timestampMs });
  }
}

function plainOf(body: Buffer, codec: number): Buffer {
  const limit = { maxOutputLength: MAX_UNCOMPRESSED_BYTES };
  switch (codec) {
    case CODECS.none:
      return body;
    case CODECS.gzip:
      return gunzipSync(body, limit);
    case CODECS.zstd:
      return zstdDecompressSync(body, limit);
    default:
      throw new RangeError(`a record batch in codec ${codec}; gzip and zstd are read`);
  }
}

function decodeRecord(cursor: Cursor): NewRecord & { delta: number; deltaMs: number } {
  const length = cursor.varint();
  const end = cursor.at + length;
  cursor.skip(1);
  const deltaMs = cursor.varlong();
  const delta = cursor.varint();
  const key = cursor.text(Math.max(0, cursor.varint()));
  const value = cursor.bytes(Math.max(0, cursor.varint()));
  const headers = decodeHeaders(cursor);
  if (cursor.at !== end) throw new RangeError(`a record of ${length} bytes ends elsewhere`);
  return { key, value, headers, delta, deltaMs };
}

function decodeHeaders(cursor: Cursor): Record<string, string> {
  const count = cursor.varint();
  const pairs: [string, string][] = [];
  for (let index = 0; index < count; index += 1) {
    const name = cursor.text(cursor.varint());
    pairs.push([name, cursor.text(Math.max(0, cursor.varint()))]);
  }
  return Object.fromEntries(pairs);
}
