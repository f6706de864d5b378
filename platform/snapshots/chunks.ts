import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { LARGEST_RECORD_BYTES } from "./snapshot-store.ts";

/**
 * A chunk of a snapshot as records of a store: compressed, off the thread that decides, with a
 * checksum, and cut where it is longer than a record may be:
 *
 *   0 or 1 (1: the chunk's last record), part of a zstd frame
 */
const MORE_FOLLOW = 0;
const LAST = 1;
const MARK_BYTES = 1;
const PART_BYTES = LARGEST_RECORD_BYTES - MARK_BYTES;
/** Beyond this it is none of ours: no aggregate is nearly as large. */
const LARGEST_CHUNK_BYTES = 1024 * 1024 * 1024;
const OPTIONS = {
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
};

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export async function recordsOf(chunk: Uint8Array): Promise<readonly Uint8Array[]> {
  const frame = await compress(chunk, OPTIONS);
  const records: Uint8Array[] = [];
  for (let from = 0; from < frame.length; from += PART_BYTES) {
    const part = frame.subarray(from, from + PART_BYTES);
    const isLast = from + PART_BYTES >= frame.length;
    records.push(Buffer.concat([Buffer.of(isLast ? LAST : MORE_FOLLOW), part]));
  }
  return records;
}

/** The chunks of a set's records, in order; throws where a record is damaged. */
export async function* chunksOf(records: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let parts: Uint8Array[] = [];
  for await (const record of records) {
    parts.push(record.subarray(MARK_BYTES));
    if (record[0] === MORE_FOLLOW) continue;
    if (record[0] !== LAST) throw new RangeError(`a record of a snapshot begins with ${record[0]}`);
    yield await decompress(Buffer.concat(parts), { maxOutputLength: LARGEST_CHUNK_BYTES });
    parts = [];
  }
  if (parts.length > 0) throw new RangeError("the last chunk of a snapshot is cut off");
}
