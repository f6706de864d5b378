import { expect } from "chai";
import fc from "fast-check";
import { IdOrder } from "./id-order.ts";

const rises = (ticks: readonly (readonly [timeMs: number, id: number])[]) => {
  const order = new IdOrder();
  return ticks.every(([timeMs, id]) => order.add(timeMs, id));
};

describe("IdOrder", () => {
  it("takes ids that rise with time, whatever the gaps", () => {
    expect(
      rises([
        [0, 1],
        [1, 2],
        [90_000, 3],
        [90_001, 70],
        [95_000, 71],
      ]),
    ).to.equal(true);
  });

  it("lets neighbours be the other way round", () => {
    expect(
      rises([
        [1_000, 5],
        [3_999, 4],
        [4_000, 6],
      ]),
    ).to.equal(true);
  });

  it("finds an id that falls over more than the lateness", () => {
    expect(
      rises([
        [1_000, 5],
        [4_000, 4],
      ]),
    ).to.equal(false);
    expect(
      rises([
        [1_000, 5],
        [2_000, 6],
        [3_000, 7],
        [60_000, 6],
      ]),
    ).to.equal(false);
  });

  it("finds a late tick whose id is too great", () => {
    expect(
      rises([
        [60_000, 50],
        [1_000, 20],
      ]),
    ).to.equal(true);
    expect(
      rises([
        [60_000, 50],
        [1_000, 51],
      ]),
    ).to.equal(false);
  });

  it("never doubts ids that rise, in whatever order they arrive", () => {
    const gaps = fc.array(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        gaps.chain((times) => fc.tuple(fc.constant(times), shuffled(times.length))),
        ([gapsMs, order]) => {
          let timeMs = 0;
          const ticks = gapsMs.map((gapMs, id) => {
            timeMs += gapMs;
            return [timeMs, id] as const;
          });
          expect(rises(order.map((index) => ticks[index] ?? [0, 0]))).to.equal(true);
        },
      ),
    );
  });
});

function shuffled(length: number): fc.Arbitrary<number[]> {
  const all = Array.from({ length }, (_, index) => index);
  return fc.shuffledSubarray(all, { minLength: length });
}
