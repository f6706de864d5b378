import { expect } from "chai";
import fc from "fast-check";
import { decimal, fromUnscaled, toUnscaled, ZERO } from "../kernel/decimal.ts";
import { readDecimal, writeDecimal } from "./decimal-bytes.ts";
import { bytesOf } from "./decimal-type.ts";
import { arbitraryDecimal } from "./testing/arbitrary-data.ts";

/** What `new BigInteger(n).toByteArray()` gives in Java. */
const JAVA_VECTORS: readonly (readonly [bigint, string])[] = [
  [0n, "00"],
  [1n, "01"],
  [-1n, "ff"],
  [127n, "7f"],
  [128n, "0080"],
  [-128n, "80"],
  [-129n, "ff7f"],
  [255n, "00ff"],
  [256n, "0100"],
  [-255n, "ff01"],
  [-256n, "ff00"],
  [-257n, "feff"],
  [32767n, "7fff"],
  [32768n, "008000"],
  [-32768n, "8000"],
  [-32769n, "ff7fff"],
  [2n ** 24n, "01000000"],
  [2n ** 63n - 1n, "7fffffffffffffff"],
  [2n ** 63n, "008000000000000000"],
  [-(2n ** 63n), "8000000000000000"],
  [10n ** 18n, "0de0b6b3a7640000"],
  [10n ** 38n - 1n, "4b3b4ca85a86c47a098a223fffffffff"],
  [1n - 10n ** 38n, "b4c4b357a5793b85f675ddc000000001"],
];

function read(hex: string) {
  const bytes = Buffer.from(hex, "hex");
  return readDecimal(bytes, 0, bytes.length);
}

/** Two's complement by BigInt: slow, and plainly right. */
function bytesByBigInt(unscaled: bigint): string {
  let bits = 8;
  while (BigInt.asIntN(bits, unscaled) !== unscaled) bits += 8;
  return BigInt.asUintN(bits, unscaled)
    .toString(16)
    .padStart(bits / 4, "0");
}

describe("the bytes of a decimal", () => {
  for (const [unscaled, hex] of JAVA_VECTORS) {
    it(`are ${hex} for an unscaled value of ${unscaled}`, () => {
      expect(bytesOf(fromUnscaled(unscaled)).toString("hex")).to.equal(hex);
      expect(toUnscaled(read(hex))).to.equal(unscaled);
    });
  }

  it("are those of BigInt arithmetic, and give the same decimal back, for any decimal", () => {
    fc.assert(
      fc.property(arbitraryDecimal(), (value) => {
        const hex = bytesOf(value).toString("hex");
        expect(hex).to.equal(bytesByBigInt(toUnscaled(value)));
        const { s, e, c } = read(hex);
        expect({ s, e, c }).to.deep.equal({ s: value.s, e: value.e, c: value.c });
      }),
      { numRuns: 5000 },
    );
  });

  it("are read from any place in a buffer, and nothing around them is touched", () => {
    const buffer = Buffer.alloc(8, 0xee);
    expect(writeDecimal(fromUnscaled(-129n), buffer, 3)).to.equal(2);
    expect(buffer.toString("hex")).to.equal("eeeeeeff7feeeeee");
    expect(toUnscaled(readDecimal(buffer, 3, 2))).to.equal(-129n);
  });

  it("are counted though they do not fit the buffer", () => {
    const buffer = Buffer.alloc(4);
    expect(writeDecimal(decimal("1"), buffer, 0)).to.equal(8);
    expect(writeDecimal(decimal("1"), buffer, 4)).to.equal(8);
  });

  it("are one zero byte for minus zero", () => {
    expect(bytesOf(ZERO.negated()).toString("hex")).to.equal("00");
  });

  it("may have more leading bytes than needed when read", () => {
    expect(toUnscaled(read("0000000000000001"))).to.equal(1n);
    expect(toUnscaled(read("ffffffffffffffffffffffff80"))).to.equal(-128n);
  });

  it("refuse a value beyond 38 digits or 18 places", () => {
    const beyond = [
      decimal("99999999999999999999").plus(1),
      decimal("-99999999999999999999").minus(1),
      decimal("0.000000000000000001").shiftedBy(-30),
      decimal("1.000000000000000001").times(decimal("1.1")),
      decimal("1").shiftedBy(40),
      ZERO.div(ZERO),
      decimal("1").div(ZERO),
    ];
    for (const value of beyond) {
      expect(() => bytesOf(value), value.toString()).to.throw(RangeError);
    }
  });

  it("refuse bytes beyond 38 digits, none, and more than sixteen", () => {
    const limit = "4b3b4ca85a86c47a098a224000000000";
    for (const hex of [
      "",
      limit,
      `7f${"ff".repeat(15)}`,
      `80${"00".repeat(15)}`,
      "00".repeat(17),
    ]) {
      expect(() => read(hex), hex).to.throw(RangeError);
    }
  });
});
