import { expect } from "chai";
import fc from "fast-check";
import { avroType } from "./avro-type.ts";

const type = avroType({ type: "record", name: "Holder", fields: [{ name: "n", type: "long" }] });

/** Avro's zigzag and base 128 by BigInt: slow, and plainly right. */
function bytesByBigInt(value: number): string {
  let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; zigzag >= 128n; zigzag >>= 7n) bytes.push(Number(zigzag & 127n) | 128);
  return Buffer.from([...bytes, Number(zigzag)]).toString("hex");
}

describe("a long", () => {
  it("is any safe integer, exactly", () => {
    const edges = [2 ** 30, 2 ** 31, 2 ** 52, 2 ** 53 - 1].flatMap((n) => [n - 1, n, 1 - n, -n]);
    const integers = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges));
    fc.assert(
      fc.property(integers, (n) => {
        const bytes = type.toBuffer({ n });
        expect(bytes.toString("hex")).to.equal(bytesByBigInt(n));
        expect(type.fromBuffer(bytes)).to.deep.equal({ n });
      }),
      { numRuns: 1000 },
    );
  });

  it("is refused beyond the safe integers, when written and when read", () => {
    for (const n of [2 ** 53, -(2 ** 53), 0.5, Number.NaN, "1", null, undefined]) {
      expect(() => type.toBuffer({ n }), String(n)).to.throw(RangeError, "not a safe integer");
    }
    for (const hex of ["80808080808080 20", "81808080808080 20", "feffffffffffffffff 01"]) {
      const bytes = Buffer.from(hex.replace(" ", ""), "hex");
      expect(() => type.fromBuffer(bytes), hex).to.throw(RangeError, "beyond the safe integers");
    }
  });
});
