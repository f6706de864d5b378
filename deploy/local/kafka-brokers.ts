import { askSocket } from "./ask.ts";

const METADATA_KEY = 3;
const METADATA_VERSION = 1;
const INT16_BYTES = 2;
const INT32_BYTES = 4;

/**
 * The ids of the brokers that a node knows to take part: a node that has only started knows none,
 * and a socket that can be opened says nothing.
 */
export async function askKafkaBrokers(port: number): Promise<readonly number[]> {
  const answer = await askSocket(port, metadataRequest(), (bytes) => {
    return bytes.length >= INT32_BYTES && bytes.length >= INT32_BYTES + bytes.readInt32BE(0);
  });
  return brokerIds(answer);
}

/** size, api key, api version, correlation id, client id (null), topics (an empty list) */
function metadataRequest(): Buffer {
  const body = Buffer.alloc(14);
  body.writeInt16BE(METADATA_KEY, 0);
  body.writeInt16BE(METADATA_VERSION, 2);
  body.writeInt32BE(1, 4);
  body.writeInt16BE(-1, 8);
  body.writeInt32BE(0, 10);
  const size = Buffer.alloc(INT32_BYTES);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** size, correlation id, count of brokers, for each: id, host, port, rack (may be null) … */
export function brokerIds(answer: Buffer): readonly number[] {
  let offset = 2 * INT32_BYTES;
  const int32 = () => {
    offset += INT32_BYTES;
    return answer.readInt32BE(offset - INT32_BYTES);
  };
  const skipText = () => {
    const length = answer.readInt16BE(offset);
    offset += INT16_BYTES + Math.max(0, length);
  };
  const count = int32();
  return Array.from({ length: count }, () => {
    const id = int32();
    skipText();
    int32();
    skipText();
    return id;
  });
}
