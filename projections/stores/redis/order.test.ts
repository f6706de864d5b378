import { expect } from "chai";
import fc from "fast-check";
import { compareKeys } from "../../runner/key-order.ts";
import type { ColumnType, Value } from "../../runner/projection.ts";
import { ORDERED_NUMBER_CHARACTERS, orderedText } from "./order.ts";

const texts = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\u0000"));
const integers = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -2, max: 2 }));
const doubles = fc.double({ noNaN: true, noDefaultInfinity: true });

/** As the server compares members of a sorted set whose scores are equal. */
function compareBytes(a: string, b: string): number {
  return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

describe("values as texts in their order", () => {
  const values: Readonly<Partial<Record<ColumnType, fc.Arbitrary<Value>>>> = {
    text: texts,
    integer: integers,
    double: doubles,
  };
  for (const [type, arbitrary] of Object.entries(values) as [ColumnType, fc.Arbitrary<Value>][]) {
    it(`stand as the values do: ${type}`, () => {
      fc.assert(
        fc.property(arbitrary, arbitrary, (a, b) => {
          const order = compareBytes(orderedText(type, a), orderedText(type, b));
          expect(order).to.equal(Math.sign(compareKeys([a], [b])) || 0);
          if (type === "text") return;
          expect(compareBytes(orderedText(type, null), orderedText(type, a))).to.equal(-1);
        }),
      );
    });
  }

  it("stand as the values do, one column after the other", () => {
    const key = fc.tuple(
      fc.constantFrom("", "a", "a\u0001", "ab", "\u{1f600}", "\u{e000}"),
      integers,
    );
    const joined = ([text, integer]: readonly [string, number]) => {
      return orderedText("text", text) + orderedText("integer", integer);
    };
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(compareBytes(joined(a), joined(b))).to.equal(Math.sign(compareKeys(a, b)) || 0);
      }),
    );
  });

  it("have one width where they are no text", () => {
    for (const value of [0, -0, 5e-324, -1e300, Number.MAX_VALUE, null]) {
      expect(orderedText("double", value)).to.have.length(ORDERED_NUMBER_CHARACTERS);
    }
    for (const value of [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, null]) {
      expect(orderedText("integer", value)).to.have.length(ORDERED_NUMBER_CHARACTERS);
    }
  });
});
