import { expect } from "chai";
import fc from "fast-check";
import { hash64, murmur2, partitionOf } from "./hash.ts";

/** From Kafka's own UtilsTest. */
const KAFKA_VECTORS: readonly (readonly [string, number])[] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
];
const KEYS = 200_000;

describe("murmur2", () => {
  for (const [text, expected] of KAFKA_VECTORS) {
    it(`is ${expected} for "${text}", as in the Java client`, () => {
      expect(murmur2(Buffer.from(text))).to.equal(expected);
    });
  }

  it("is a signed 32-bit integer for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(murmur2(bytes)).to.equal(murmur2(bytes) | 0);
      }),
    );
  });
});

describe("the partition of a key", () => {
  it("is the Java client's: murmur2 of the UTF-8 bytes without its sign", () => {
    for (const [text, hash] of KAFKA_VECTORS) {
      expect(partitionOf(text, 24)).to.equal((hash & 0x7fffffff) % 24);
    }
  });

  it("is one of the partitions for any key", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.integer({ min: 1, max: 1000 }),
        (key, count) => {
          expect(partitionOf(key, count)).to.be.within(0, count - 1);
        },
      ),
    );
  });

  it("spreads keys evenly", () => {
    const counts = new Array<number>(24).fill(0);
    for (let i = 0; i < KEYS; i++) {
      const partition = partitionOf(`binance:COIN${i}-USDT`, counts.length);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    const fair = KEYS / counts.length;
    for (const count of counts) expect(count).to.be.within(fair * 0.95, fair * 1.05);
  });
});

describe("hash64", () => {
  it("is four UTF-16 units, the same for the same text", () => {
    expect(hash64("binance:1")).to.have.length(4).and.to.equal(hash64("binance:1"));
  });

  it("tells as many keys apart as an aggregate keeps", () => {
    const hashes = new Set<string>();
    for (let i = 0; i < KEYS; i++) hashes.add(hash64(`trade-${i}`));
    expect(hashes.size).to.equal(KEYS);
  });
});
