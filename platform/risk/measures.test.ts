import { expect } from "chai";
import fc from "fast-check";
import { type Decimal, decimal, decimalText, fromRatio, ZERO } from "../kernel/decimal.ts";
import { beginDrawdown, type DrawdownSoFar, nextDrawdown } from "./drawdown.ts";
import { concentrationOf, exposures, leverageOf, shareOf, worthOf } from "./exposure.ts";
import {
  annualised,
  covarianceOf,
  deviationOf,
  ewmaDeviationOf,
  meanOf,
  returnsOf,
} from "./returns.ts";
import { deltaNormalOf, tailRisksOf } from "./tail-risk.ts";

const CLOSE = 1e-12;

const cents = (max: number) =>
  fc.integer({ min: -max, max }).map((drawn) => fromRatio(drawn / 100));
const values = fc.array(fc.option(cents(1_000_000), { freq: 5 }), { maxLength: 30 });
const ratio = fc.integer({ min: -9_000, max: 9_000 }).map((drawn) => drawn / 10_000);
const manyReturns = fc.array(ratio, { minLength: 2, maxLength: 400 });

const valued = (drawn: readonly (Decimal | null)[]) =>
  drawn.map((value, index) => ({ asset: `A${index}`, value }));

const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);

describe("exposure", () => {
  it("is a quantity at a price, rounded once; unknown without a price", () => {
    expect(decimalText(worthOf(decimal("-1.5"), decimal("20")) ?? ZERO)).to.equal("-30");
    expect(worthOf(decimal("1.5"), null)).to.equal(null);
    const smallest = decimal("0.000000000000000001");
    const halves = ["0.5", "1.5"].map((price) => worthOf(smallest, decimal(price)) ?? ZERO);
    expect(halves.map(decimalText)).to.deep.equal(["0", "0.000000000000000002"]);
  });

  it("is gross without signs, net with them, of what has a price", () => {
    const { gross, net } = exposures(valued([decimal("60"), decimal("-40"), null]));
    expect([gross, net].map(decimalText)).to.deep.equal(["100", "20"]);
    expect(Object.values(exposures([])).map(decimalText)).to.deep.equal(["0", "0"]);
  });

  it("has shares that add up to 1, or are all 0 where nothing is exposed", () => {
    fc.assert(
      fc.property(values, (drawn) => {
        const { gross, net } = exposures(valued(drawn));
        const shares = drawn.map((value) => shareOf(value, gross));
        expect(sum(shares)).to.be.closeTo(gross.isZero() ? 0 : 1, CLOSE);
        expect(shares.every((share) => share >= 0 && share <= 1)).to.equal(true);
        expect(net.abs().lte(gross)).to.equal(true);
      }),
    );
  });

  it("gives a short position its share as it does a long one", () => {
    const { gross } = exposures(valued([decimal("75"), decimal("-25")]));
    expect(shareOf(decimal("-25"), gross)).to.equal(0.25);
    expect(shareOf(null, gross)).to.equal(0);
    expect(shareOf(ZERO, ZERO)).to.equal(0);
  });
});

describe("leverage", () => {
  it("is gross exposure by equity", () => {
    expect(leverageOf(decimal("150"), decimal("100"))).to.equal(1.5);
    expect(leverageOf(ZERO, decimal("100"))).to.equal(0);
  });

  it("is null at no equity and below: insolvent, neither infinite nor negative", () => {
    expect(leverageOf(decimal("100"), ZERO)).to.equal(null);
    expect(leverageOf(decimal("100"), decimal("-0.000000000000000001"))).to.equal(null);
    expect(leverageOf(ZERO, ZERO)).to.equal(null);
    fc.assert(
      fc.property(cents(1_000_000), cents(1_000_000), (exposed, equity) => {
        const leverage = leverageOf(exposed.abs(), equity);
        if (!equity.gt(0)) expect(leverage).to.equal(null);
        else expect(leverage).to.be.a("number").and.to.be.within(0, Number.MAX_VALUE);
      }),
    );
  });
});

describe("concentration", () => {
  it("is the largest share and the sum of the squares", () => {
    const concentration = concentrationOf([0.3, 0.5, 0, 0.2]);
    expect(concentration?.largest).to.equal(0.5);
    expect(concentration?.herfindahl).to.be.closeTo(0.38, CLOSE);
  });

  it("is null where nothing is exposed", () => {
    expect(concentrationOf([])).to.equal(null);
    expect(concentrationOf([0, 0])).to.equal(null);
  });

  it("lies between that of equal shares and that of the largest alone", () => {
    fc.assert(
      fc.property(values, (drawn) => {
        const { gross } = exposures(valued(drawn));
        fc.pre(!gross.isZero());
        const shares = drawn.map((value) => shareOf(value, gross)).filter((share) => share > 0);
        const concentration = concentrationOf(shares);
        const { largest = 0, herfindahl = 0 } = concentration ?? {};
        expect(herfindahl).to.be.within(1 / shares.length - CLOSE, largest + CLOSE);
        expect(largest).to.be.within(1 / shares.length - CLOSE, 1);
      }),
    );
  });
});

describe("returns", () => {
  it("are simple: each close by the one before, less 1", () => {
    const [rise = 0, fall = 0, ...more] = returnsOf([100, 110, 99]);
    expect(rise).to.be.closeTo(0.1, CLOSE);
    expect(fall).to.be.closeTo(-0.1, CLOSE);
    expect(more).to.deep.equal([]);
    expect(returnsOf([100])).to.deep.equal([]);
    expect(returnsOf([])).to.deep.equal([]);
  });

  it("are none after a close that is not above zero", () => {
    expect(returnsOf([100, 0, 50, 75])).to.deep.equal([-1, 0.5]);
    expect(returnsOf([-10, 20])).to.deep.equal([]);
  });

  it("have a mean and a sample deviation, by n − 1", () => {
    const known = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(meanOf(known)).to.equal(5);
    expect(meanOf([])).to.be.NaN;
    expect(deviationOf(known)).to.be.closeTo(Math.sqrt(32 / 7), CLOSE);
    expect(annualised(0.01)).to.be.closeTo(0.191049731745428, CLOSE);
  });

  it("have a covariance that survives a large mean", () => {
    expect(covarianceOf([1, 2, 3], [6, 4, 2])).to.equal(-2);
    const far = [4, 7, 13, 16].map((value) => 1e9 + value);
    expect(covarianceOf(far, far)).to.equal(30);
  });

  it("have a covariance no larger than the product of their deviations, either way round", () => {
    const pairs = fc.array(fc.tuple(ratio, ratio), { minLength: 2, maxLength: 100 });
    fc.assert(
      fc.property(pairs, (drawn) => {
        const [one, other] = [drawn.map(([first]) => first), drawn.map(([, second]) => second)];
        const covariance = covarianceOf(one, other);
        expect(covarianceOf(other, one)).to.be.closeTo(covariance, CLOSE);
        expect(Math.abs(covariance)).to.be.at.most(deviationOf(one) * deviationOf(other) + CLOSE);
      }),
    );
  });

  it("have an EWMA deviation that begins with the first square", () => {
    expect(ewmaDeviationOf([-0.02])).to.equal(0.02);
    const expected = Math.sqrt(0.94 * 0.0004 + 0.06 * 0.0001);
    expect(ewmaDeviationOf([0.02, -0.01])).to.be.closeTo(expected, CLOSE);
    expect(ewmaDeviationOf([0.02, -0.01], 0.5)).to.be.closeTo(Math.sqrt(0.00025), CLOSE);
    expect(ewmaDeviationOf([])).to.be.NaN;
  });
});

/** −1/1000 is the mildest, −n/1000 the worst; the order must not matter. */
function losses(count: number): number[] {
  const ascending = Array.from({ length: count }, (_, index) => -(index + 1) / 1_000);
  return ascending
    .filter((_, index) => index % 2 === 0)
    .concat(ascending.filter((_, index) => index % 2 === 1));
}

function worstOf(count: number): readonly number[] {
  const taken = tailRisksOf(losses(count)).map(({ historicalVar }) => historicalVar);
  return taken.map((loss) => count + 1 - Math.round(loss * 1_000));
}

describe("tail risk", () => {
  it("is the k-th worst return: k = ⌈(1 − c)·n⌉ exactly", () => {
    expect(worstOf(100), "of 100").to.deep.equal([5, 1]);
    expect(worstOf(20), "of 20").to.deep.equal([1, 1]);
    expect(worstOf(21), "of 21").to.deep.equal([2, 1]);
    expect(worstOf(101), "of 101").to.deep.equal([6, 2]);
    expect(worstOf(365), "of 365").to.deep.equal([19, 4]);
  });

  it("counts exactly at any number of returns", () => {
    for (let count = 2; count <= 1_000; count += 1) {
      const expected = [Math.ceil(count / 20), Math.ceil(count / 100)];
      expect(worstOf(count), `of ${count}`).to.deep.equal(expected);
    }
  });

  it("has the mean of the k worst as its shortfall", () => {
    const [at95, at99] = tailRisksOf(losses(100));
    expect(at95?.historicalVar).to.equal(0.096);
    expect(at95?.historicalShortfall).to.be.closeTo(0.098, CLOSE);
    expect(at99?.historicalVar).to.equal(0.1);
    expect(at99?.historicalShortfall).to.equal(0.1);
  });

  it("is negative where even the worst is a gain", () => {
    for (const tail of tailRisksOf(Array.from({ length: 40 }, () => 0.01))) {
      expect(tail.historicalVar).to.equal(-0.01);
      expect(tail.historicalShortfall).to.be.closeTo(-0.01, CLOSE);
      expect(tail.parametricVar).to.be.closeTo(-0.01, CLOSE);
    }
  });

  it("is parametric by the normal distribution, with and without the mean", () => {
    const returns = Array.from({ length: 100 }, (_, index) => (index % 2 ? 0.03 : -0.01));
    const deviation = 0.02 * Math.sqrt(100 / 99);
    // Of tables: the quantile, and the mean beyond it, of a standard normal loss.
    const table = [
      [1.6448536269514722, 2.0627128075074257],
      [2.3263478740408408, 2.6652142203458076],
    ] as const;
    for (const [index, [quantile, beyond]] of table.entries()) {
      const tail = tailRisksOf(returns)[index];
      expect(tail?.parametricVarZeroMean).to.be.closeTo(quantile * deviation, CLOSE);
      expect(tail?.parametricVar).to.be.closeTo(quantile * deviation - 0.01, CLOSE);
      expect(tail?.parametricShortfall).to.be.closeTo(beyond * deviation - 0.01, CLOSE);
    }
  });

  it("is no less beyond a level than at it, and no less at the higher level", () => {
    fc.assert(
      fc.property(manyReturns, (returns) => {
        const before = [...returns];
        const [at95, at99] = tailRisksOf(returns);
        expect(returns).to.deep.equal(before);
        if (!at95 || !at99) throw new Error("a level is missing");
        for (const tail of [at95, at99]) {
          expect(tail.historicalShortfall).to.be.at.least(tail.historicalVar - CLOSE);
          expect(tail.parametricShortfall).to.be.at.least(tail.parametricVar - CLOSE);
        }
        expect(at99.historicalVar).to.be.at.least(at95.historicalVar);
        expect(at99.parametricVar).to.be.at.least(at95.parametricVar - CLOSE);
      }),
    );
  });
});

describe("the delta-normal loss", () => {
  it("is z times the deviation of the weighted whole", () => {
    const { total, components } = deltaNormalOf(
      [0.75, 0.25],
      [
        [0.0004, 0.0001],
        [0.0001, 0.0016],
      ],
    );
    // wᵀΣw = 0.5625·0.0004 + 2·0.1875·0.0001 + 0.0625·0.0016 = 0.0003625; Σw = (0.000325, 0.000475)
    const scale = 1.6448536269514722 / Math.sqrt(0.0003625);
    expect(total).to.be.closeTo(scale * 0.0003625, CLOSE);
    expect(components[0]).to.be.closeTo(scale * 0.00024375, CLOSE);
    expect(components[1]).to.be.closeTo(scale * 0.00011875, CLOSE);
  });

  it("is zero of a perfect hedge, of what does not move, and of nothing", () => {
    const hedge = deltaNormalOf(
      [1, -1],
      [
        [0.04, 0.04],
        [0.04, 0.04],
      ],
    );
    expect(hedge).to.deep.equal({ total: 0, components: [0, 0] });
    expect(deltaNormalOf([1], [[0]])).to.deep.equal({ total: 0, components: [0] });
    expect(deltaNormalOf([], [])).to.deep.equal({ total: 0, components: [] });
  });

  it("has a component below zero for what hedges the rest", () => {
    const { components } = deltaNormalOf(
      [1, -0.5],
      [
        [0.04, 0.03],
        [0.03, 0.04],
      ],
    );
    expect(components[1]).to.be.below(0);
  });

  it("is the sum of its components, for any weights and series", () => {
    const days = fc.integer({ min: 2, max: 20 });
    const drawn = fc.tuple(fc.integer({ min: 1, max: 6 }), days).chain(([assets, length]) => {
      const series = fc.array(ratio, { minLength: length, maxLength: length });
      const weights = fc.array(ratio, { minLength: assets, maxLength: assets });
      return fc.tuple(weights, fc.array(series, { minLength: assets, maxLength: assets }));
    });
    fc.assert(
      fc.property(drawn, ([weights, series]) => {
        const covariance = series.map((one) => series.map((other) => covarianceOf(one, other)));
        const { total, components } = deltaNormalOf(weights, covariance);
        const moved = sum(components.map(Math.abs));
        expect(components).to.have.length(weights.length);
        expect(total).to.be.at.least(0);
        expect(sum(components)).to.be.closeTo(total, moved * CLOSE);
      }),
    );
  });
});

function follow(series: readonly number[]): DrawdownSoFar[] {
  const [first = 0, ...rest] = series;
  const followed = [beginDrawdown(first, 0)];
  for (const [index, value] of rest.entries()) {
    followed.push(nextDrawdown(followed[index] as DrawdownSoFar, value, index + 1));
  }
  return followed;
}

/** The whole series at once: each value against the first highest one up to it. */
function batch(series: readonly number[]): DrawdownSoFar {
  const falls = series.map((value, troughAtMs) => {
    const peak = Math.max(...series.slice(0, troughAtMs + 1));
    const fraction = peak > 0 ? 1 - value / peak : 0;
    return { peak, fraction, peakAtMs: series.indexOf(peak), troughAtMs };
  });
  const depth = Math.max(...falls.map(({ fraction }) => fraction));
  const { peak: _, ...deepest } = falls.find(({ fraction }) => fraction === depth) as Fall;
  const { peak, peakAtMs, fraction } = falls.at(-1) as Fall;
  return { peak, peakAtMs, fraction, deepest };
}

type Fall = DrawdownSoFar["deepest"] & { readonly peak: number };

describe("drawdown", () => {
  it("is measured from the highest value so far, and keeps the deepest", () => {
    const { peak, peakAtMs, fraction, deepest } = follow([100, 120, 90, 150, 135]).at(
      -1,
    ) as DrawdownSoFar;
    expect([peak, peakAtMs]).to.deep.equal([150, 3]);
    expect(fraction).to.be.closeTo(0.1, CLOSE);
    expect(deepest).to.deep.equal({ fraction: 0.25, peakAtMs: 1, troughAtMs: 2 });
  });

  it("starts at its peak: a loss at the very start counts", () => {
    const [begun, fallen] = follow([100, 50]);
    expect(begun?.fraction).to.equal(0);
    expect(fallen?.fraction).to.equal(0.5);
    expect(fallen?.deepest).to.deep.equal({ fraction: 0.5, peakAtMs: 0, troughAtMs: 1 });
  });

  it("is over at the old peak, but the peak stays the first and the deepest is kept", () => {
    const recovered = follow([100, 80, 100]).at(-1);
    expect(recovered?.fraction).to.equal(0);
    expect(recovered?.peakAtMs).to.equal(0);
    expect(recovered?.deepest.troughAtMs).to.equal(1);
  });

  it("of equally deep falls keeps the first", () => {
    const deepest = follow([100, 50, 200, 100]).at(-1)?.deepest;
    expect(deepest).to.deep.equal({ fraction: 0.5, peakAtMs: 0, troughAtMs: 1 });
  });

  it("is none of what was never above zero, and whole of what fell to nothing", () => {
    expect(follow([0, -1]).at(-1)?.fraction).to.equal(0);
    expect(follow([5, 0]).at(-1)?.fraction).to.equal(1);
  });

  it("followed value by value is that of the whole series, at every step", () => {
    const series = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(series, (drawn) => {
        for (const [index, followed] of follow(drawn).entries()) {
          expect(followed).to.deep.equal(batch(drawn.slice(0, index + 1)));
        }
      }),
    );
  });
});
