import { expect } from "chai";
import fc from "fast-check";
import {
  compareTicks,
  eraOfLate,
  erasOf,
  isLate,
  ordinalOfLate,
  type TickPlace,
} from "./tick-order.ts";

const place: fc.Arbitrary<TickPlace> = fc.record({
  timeMs: fc.nat({ max: 2 }),
  ordinal: fc.nat({ max: 3 }),
  tradeId: fc.oneof(fc.nat({ max: 3 }), fc.constantFrom("7", "a"), fc.constant(null)),
});

describe("the order of ticks", () => {
  const tick = (timeMs: number, tradeId: TickPlace["tradeId"], ordinal: number) => {
    return { timeMs, tradeId, ordinal };
  };

  it("is time, then numeric trade id, whatever the ordinals", () => {
    expect(compareTicks(tick(1, 9, 9), tick(2, 1, 0))).to.be.below(0);
    expect(compareTicks(tick(1, 2, 9), tick(1, 3, 0))).to.be.below(0);
  });

  it("is the ordinal where ids are no numbers", () => {
    expect(compareTicks(tick(1, "9", 0), tick(1, "3", 1))).to.be.below(0);
    expect(compareTicks(tick(1, null, 0), tick(1, "3", 1))).to.be.below(0);
  });

  it("never goes in a circle", () => {
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        expect(Math.sign(compareTicks(a, b))).to.equal(0 - Math.sign(compareTicks(b, a)));
        if (compareTicks(a, b) <= 0 && compareTicks(b, c) <= 0) {
          expect(compareTicks(a, c)).to.be.at.most(0);
        }
      }),
    );
  });
});

describe("late ticks", () => {
  it("have ordinals of their own, and an era when those are used up", () => {
    const numbered = [0, 499_999, 500_000, 1_000_001].map((n) => [ordinalOfLate(n), eraOfLate(n)]);
    expect(numbered).to.deep.equal([
      [500_000, 0],
      [999_999, 0],
      [500_000, 1],
      [500_001, 2],
    ]);
    expect([499_999, 500_000].map(isLate)).to.deep.equal([false, true]);
  });

  it("are counted through the ticks of an event", () => {
    const ticks = [3, 999_999, 7, 500_000].map((ordinal, timeMs) => {
      return { timeMs, ordinal, tradeId: null };
    });
    expect(erasOf({ lateBefore: 499_999, ticks })).to.deep.equal([0, 0, 0, 1]);
  });
});
