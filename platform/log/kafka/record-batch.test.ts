import { createRequire } from "node:module";
import { zstdDecompressSync } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { decodeRecordBatches, encodeRecordBatch, PLAIN_PRODUCER } from "./record-batch.ts";

const require = createRequire(import.meta.url);
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0");
const Record = require("kafkajs/src/protocol/recordBatch/record/v0");

const decodeByClient = require("kafkajs/src/protocol/recordBatch/v0/decoder");
const Decoder = require("kafkajs/src/protocol/decoder");
const { CompressionCodecs, CompressionTypes } = require("kafkajs");

const text = fc.string({ unit: "binary" });
const record = fc.record({
  key: text,
  value: fc.uint8Array({ maxLength: 300 }),
  headers: fc.dictionary(text, text, { maxKeys: 5 }),
});
const records = fc.array(record, { minLength: 1, maxLength: 200 });
const producer = { producerId: "4000", producerEpoch: 7, firstSequence: 12 };
const at = { ...producer, timestampMs: 1_790_000_000_123 };

function placed(batch: Buffer, baseOffset: bigint): Buffer {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(baseOffset);
  return copy;
}

/** Records with the headers that every event has. */
function deposits(count: number) {
  return Array.from({ length: count }, (_, number) => ({
    key: `p-${number}`,
    value: Buffer.from(`deposit ${number}`),
    headers: {
      ce_type: "FundsDeposited",
      ce_source: "/cipherhorizon/portfolio",
      ce_time: "2026-11-27T10:00:00.000Z",
      ce_sequence: String(number),
      "content-type": "application/avro",
    },
  }));
}

describe("a record batch", () => {
  it("is read as it was written, compressed or not", () => {
    fc.assert(
      fc.property(
        records,
        fc.constantFrom("none" as const, "zstd" as const),
        (all, compression) => {
          const batch = placed(encodeRecordBatch({ ...at, records: all, compression }), 500n);
          const read = decodeRecordBatches(batch, 0);
          const expected = all.map(({ key, value, headers }, index) => {
            const time = { position: 500 + index, timestampMs: at.timestampMs };
            return { key, value: [...value], headers: { ...headers }, ...time };
          });
          const found = read.map((one) => ({
            ...one,
            value: [...one.value],
            headers: { ...one.headers },
          }));
          expect(found).to.deep.equal(expected);
        },
      ),
    );
  });

  it("of a compacted topic may delete keys: their values are read as empty", () => {
    const records = [
      { key: "a", value: null, headers: {} },
      { key: "b", value: Buffer.from("b"), headers: {} },
    ];
    const batch = encodeRecordBatch({ ...at, ...PLAIN_PRODUCER, records, compression: "none" });
    const read = decodeRecordBatches(placed(batch, 7n), 0);
    expect(read.map(({ key, value }) => [key, `${value}`])).to.deep.equal([
      ["a", ""],
      ["b", "b"],
    ]);
  });

  it("is byte for byte what the client's own encoder makes", async () => {
    const sample = Array.from({ length: 150 }, (_, index) => ({
      key: `key ${index}`,
      value: Buffer.from("x".repeat(index)),
      headers: { ce_type: "PartitionClaimed", ce_sequence: String(index) },
    }));
    const theirs = await RecordBatch({
      records: sample.map((one, offsetDelta) => Record({ ...one, offsetDelta, timestampDelta: 0 })),
      firstTimestamp: at.timestampMs,
      maxTimestamp: at.timestampMs,
      lastOffsetDelta: sample.length - 1,
      ...producer,
    });
    const ours = encodeRecordBatch({ ...at, records: sample, compression: "none" });
    expect(ours.equals(theirs.buffer)).to.equal(true);
  });

  it("in zstd is read by any client that has the codec", async () => {
    CompressionCodecs[CompressionTypes.ZSTD] = () => ({
      decompress: async (bytes: Buffer) => zstdDecompressSync(bytes),
    });
    const sample = deposits(100);
    const batch = encodeRecordBatch({ ...at, records: sample, compression: "zstd" });
    const { records: read } = await decodeByClient(new Decoder(placed(batch, 500n)));
    const texts = read.map((one: { key: Buffer; value: Buffer }) => `${one.key} ${one.value}`);
    expect(texts).to.deep.equal(sample.map(({ key, value }) => `${key} ${value}`));
  });

  it("in zstd is a third of itself where events follow each other, and as it is where alone", () => {
    const bytesOf = (count: number, compression: "none" | "zstd") => {
      return encodeRecordBatch({ ...at, records: deposits(count), compression }).length;
    };
    expect(bytesOf(100, "zstd")).to.be.below(bytesOf(100, "none") / 3);
    expect(bytesOf(1, "zstd")).to.equal(bytesOf(1, "none"));
  });

  it("gives the records from a position on, and leaves what is cut off to the next fetch", () => {
    const all = Array.from({ length: 5 }, (_, index) => {
      return { key: `k${index}`, value: Buffer.from("v"), headers: {} };
    });
    const batch = encodeRecordBatch({ ...at, records: all, compression: "none" });
    const set = Buffer.concat([placed(batch, 0n), placed(batch, 5n)]);
    const positions = (bytes: Buffer, from: number, maxRecords?: number) =>
      decodeRecordBatches(bytes, from, maxRecords).map(({ position }) => position);
    expect(positions(set, 3)).to.deep.equal([3, 4, 5, 6, 7, 8, 9]);
    expect(positions(set, 3, 2), "as many as are asked for").to.deep.equal([3, 4]);
    expect(positions(set, 3, 3), "and no batch more").to.deep.equal([3, 4, 5, 6, 7, 8, 9]);
    expect(positions(set, 0, 0)).to.deep.equal([]);
    expect(positions(set.subarray(0, -1), 0)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(positions(set.subarray(0, 20), 0)).to.deep.equal([]);
  });

  it("is refused in a format or a codec that is not read", () => {
    const all = [{ key: "k", value: Buffer.from("v"), headers: {} }];
    const batch = encodeRecordBatch({ ...at, records: all, compression: "none" });
    const lz4 = Buffer.from(batch);
    lz4[22] = 3;
    expect(() => decodeRecordBatches(lz4, 0)).to.throw("codec 3");
    const old = Buffer.from(batch);
    old[16] = 1;
    expect(() => decodeRecordBatches(old, 0)).to.throw("format 1");
  });
});
