import { expect } from "chai";
import fc from "fast-check";
import { compareKeys } from "./key-order.ts";
import { orderedKey } from "./ordered-key.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("a", "\u0001", "\ud7fe", "\ud7ff", "\ue000", "😀", "\u{10ffff}"),
  }),
);
const integer = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -3, max: 3 }));
const key = fc.tuple(
  text.map((any) => any.replaceAll("\u0000", "")),
  integer,
  text.map((any) => any.replaceAll("\u0000", "")),
);

describe("a key as one ordered text", () => {
  it("is ordered as keys are, by UTF-16 units and by code points", () => {
    const property = fc.property(key, key, (a, b) => {
      const order = Math.sign(compareKeys(a, b));
      const [left, right] = [orderedKey(a), orderedKey(b)];
      expect(left < right ? -1 : Number(left > right)).to.equal(order);
      expect(Buffer.compare(Buffer.from(left), Buffer.from(right))).to.equal(order);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it("leaves usual texts as they are", () => {
    expect(orderedKey(["binance:BTC-USDT"])).to.equal("binance:BTC-USDT");
    expect(orderedKey(["s-1", 12])).to.equal("s-1\u000010000000000000012");
    expect(orderedKey(["s-1", -12])).to.equal("s-1\u000009007199254740980");
  });

  it("refuses what no key holds", () => {
    expect(() => orderedKey([null])).to.throw(TypeError);
    expect(() => orderedKey([true])).to.throw(TypeError);
  });
});
