import { deepStrictEqual } from "node:assert";
import { expect } from "chai";
import fc from "fast-check";
import { arbitraryDecimal } from "../codec/testing/arbitrary-data.ts";
import { decimal, ZERO } from "../kernel/decimal.ts";
import { hash64 } from "../kernel/hash.ts";
import { fromBytes, toBytes } from "./exact-bytes.ts";

/** Whatever a state may hold. */
const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(
      arbitraryDecimal(),
      fc.double(),
      fc.maxSafeInteger(),
      fc.bigInt(),
      fc.string({ unit: "binary" }),
      fc.string().map(hash64),
      fc.constantFrom(null, undefined, true, false, -0),
      fc.float64Array({ maxLength: 5 }),
      fc.uint16Array({ maxLength: 5 }),
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.uniqueArray(fc.string(), { maxLength: 4 }).map((texts) => new Set(texts)),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}));

describe("values as bytes", () => {
  it("come back as they were", () => {
    fc.assert(fc.property(anything, (value) => deepStrictEqual(fromBytes(toBytes(value)), value)));
  });

  it("hold decimals that calculate, a negative zero among them", () => {
    const read = fromBytes(toBytes([decimal("-1.5"), ZERO.negated()])) as (typeof ZERO)[];
    expect(read[0]?.plus(decimal("2")).toFixed()).to.equal("0.5");
    expect(read[1]?.isNegative()).to.equal(true);
  });

  it("keep shared what was shared", () => {
    const one = { amount: decimal("7") };
    const [a, b] = fromBytes(toBytes([one, one])) as (typeof one)[];
    expect(a).to.equal(b);
    expect(a?.amount.toFixed()).to.equal("7");
  });

  it("are refused where they are cut off, or of another version of the format", () => {
    const bytes = toBytes({ some: "value" });
    expect(() => fromBytes(bytes.subarray(0, bytes.length - 3))).to.throw();
    expect(() => fromBytes(Buffer.from([0xff, 1, 2]))).to.throw(RangeError, "version");
    expect(() => fromBytes(Buffer.from("no bytes of ours"))).to.throw(RangeError);
  });
});
