const M = 0x5bd1e995;

/**
 * MurmurHash2 of UTF-8 bytes as the Java Kafka client computes it (signed 32 bits), so that a key
 * lands in the same partition whichever client wrote it.
 */
export function murmur2(bytes: Uint8Array, seed = 0x9747b28c): number {
  const length = bytes.length;
  let hash = seed ^ length;
  const tail = length & ~3;
  for (let i = 0; i < tail; i += 4) {
    let k = byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8);
    k |= (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(k, M);
  }
  const rest = length & 3;
  if (rest === 3) hash ^= byteAt(bytes, tail + 2) << 16;
  if (rest >= 2) hash ^= byteAt(bytes, tail + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byteAt(bytes, tail), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

const utf8 = new TextEncoder();

/** The partition of a key: murmur2, sign bit cleared, modulo; the Java client's default. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(utf8.encode(key)) & 0x7fffffff) % partitions;
}

/**
 * A 64-bit hash of text as four UTF-16 units: the smallest form a JavaScript `Set` keeps well.
 * Two seeds of murmur2 over the same bytes; not for security.
 */
export function hash64(text: string): string {
  const bytes = utf8.encode(text);
  const high = murmur2(bytes);
  const low = murmur2(bytes, 0x3c6ef372);
  return String.fromCharCode(high >>> 16, high & 0xffff, low >>> 16, low & 0xffff);
}
