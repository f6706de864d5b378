import { expect } from "chai";
import fc from "fast-check";
import {
  type Decimal,
  decimal,
  decimalText,
  fitsDecimal,
  fromDigits,
  fromUnscaled,
  isInRange,
  maximum,
  minimum,
  ONE,
  product,
  quotient,
  rounded,
  share,
  toUnscaled,
  tryDecimal,
  ZERO,
} from "./decimal.ts";

const LARGEST = `${"9".repeat(20)}.${"9".repeat(18)}`;
const UNIT = 10n ** 18n;
const LARGEST_UNSCALED = 10n ** 38n - 1n;
/** Factors of which the product still fits. */
const FACTOR = 10n ** 27n;

function text(value: Decimal | null): string | null {
  return value === null ? null : decimalText(value);
}

function unscaled(limit = LARGEST_UNSCALED): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: -limit, max: limit });
}

/** n / d rounded half-even, by integers alone. */
function divideHalfEven(n: bigint, d: bigint): bigint {
  const negative = n < 0n !== d < 0n;
  const [top, bottom] = [n < 0n ? -n : n, d < 0n ? -d : d];
  const doubled = (top % bottom) * 2n;
  const below = top / bottom;
  const up = doubled > bottom || (doubled === bottom && below % 2n === 1n);
  const result = up ? below + 1n : below;
  return negative ? -result : result;
}

describe("decimal text", () => {
  const accepted: readonly (readonly [string, string])[] = [
    ["0", "0"],
    ["-0", "0"],
    ["1.50", "1.5"],
    ["007", "7"],
    ["2.5e-7", "0.00000025"],
    ["1E+3", "1000"],
    ["-12.000000000000000001", "-12.000000000000000001"],
    [LARGEST, LARGEST],
    [`-${LARGEST}`, `-${LARGEST}`],
    ["0.0000000000000000010", "0.000000000000000001"],
  ];
  for (const [given, expected] of accepted) {
    it(`"${given}" is ${expected}`, () => {
      expect(text(tryDecimal(given))).to.equal(expected);
      expect(decimalText(decimal(given))).to.equal(expected);
    });
  }

  const refused = [
    "",
    " 1",
    "1 ",
    "+1",
    ".5",
    "5.",
    "1,5",
    "0x10",
    "NaN",
    "Infinity",
    "-",
    "1e",
    "1e1000",
    "1e999",
    "1_000",
    "١",
    "100000000000000000000",
    "0.0000000000000000001",
    "1e-19",
    "9".repeat(10_000),
  ];
  for (const given of refused) {
    it(`"${given.slice(0, 24)}" is refused`, () => {
      expect(tryDecimal(given)).to.equal(null);
      expect(() => decimal(given)).to.throw(RangeError);
    });
  }

  it("comes back from any decimal without exponent and trailing zeros", () => {
    fc.assert(
      fc.property(unscaled(), (n) => {
        const written = decimalText(fromUnscaled(n));
        expect(written).to.match(/^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/);
        expect(toUnscaled(decimal(written))).to.equal(n);
      }),
    );
  });
});

describe("a decimal", () => {
  it("is its unscaled integer over 10^18", () => {
    expect(decimalText(fromUnscaled(15n * 10n ** 17n))).to.equal("1.5");
    expect(toUnscaled(decimal("-0.000000000000000001"))).to.equal(-1n);
    expect(toUnscaled(ONE)).to.equal(UNIT);
    expect(toUnscaled(ZERO.negated())).to.equal(0n);
  });

  it("has an unscaled integer only when it fits", () => {
    const tooFine = ONE.shiftedBy(-19);
    const tooLarge = decimal(LARGEST).plus(ONE);
    for (const value of [tooFine, tooLarge, ZERO.div(ZERO)]) {
      expect(fitsDecimal(value)).to.equal(false);
      expect(() => toUnscaled(value)).to.throw(RangeError);
    }
    expect([isInRange(tooFine), isInRange(tooLarge)]).to.deep.equal([true, false]);
  });

  it("is what its digits in groups say", () => {
    const value = fromDigits({ sign: -1, exponent: 4, groups: [60001, 11_000_000_000_000] });
    expect(decimalText(value)).to.equal("-60001.11");
    expect(value).to.deep.equal(decimal("-60001.11"));
  });

  it("adds and subtracts exactly", () => {
    fc.assert(
      fc.property(unscaled(LARGEST_UNSCALED / 2n), unscaled(LARGEST_UNSCALED / 2n), (a, b) => {
        const [one, two] = [fromUnscaled(a), fromUnscaled(b)];
        expect(toUnscaled(one.plus(two))).to.equal(a + b);
        expect(toUnscaled(one.minus(two))).to.equal(a - b);
      }),
    );
  });

  it("is the smaller or the greater of two", () => {
    const [one, two] = [decimal("-1"), decimal("2")];
    expect([minimum(one, two), minimum(two, one)]).to.deep.equal([one, one]);
    expect([maximum(one, two), maximum(two, one)]).to.deep.equal([two, two]);
  });
});

describe("rounding", () => {
  it("goes to the even neighbour from the middle", () => {
    const half = ONE.shiftedBy(-18).times(decimal("0.5"));
    const places = [1, 3, -1, -3].map((n) => decimalText(rounded(half.times(n))));
    expect(places).to.deep.equal(["0", "0.000000000000000002", "0", "-0.000000000000000002"]);
  });

  it("happens once in a product, half-even", () => {
    fc.assert(
      fc.property(unscaled(FACTOR), unscaled(FACTOR), (a, b) => {
        const result = product(fromUnscaled(a), fromUnscaled(b));
        expect(toUnscaled(result)).to.equal(divideHalfEven(a * b, UNIT));
      }),
    );
  });

  it("happens once in a quotient, half-even", () => {
    fc.assert(
      fc.property(
        unscaled(UNIT),
        unscaled().filter((d) => d !== 0n),
        (a, d) => {
          const result = quotient(fromUnscaled(a), fromUnscaled(d));
          expect(result.eq(fromUnscaled(divideHalfEven(a * UNIT, d)))).to.equal(true);
        },
      ),
    );
  });

  it("happens once in a share, at its end", () => {
    fc.assert(
      fc.property(
        unscaled(UNIT),
        unscaled(UNIT),
        unscaled().filter((c) => c !== 0n),
        (a, b, c) => {
          const result = share(fromUnscaled(a), fromUnscaled(b), fromUnscaled(c));
          expect(result.eq(fromUnscaled(divideHalfEven(a * b, c)))).to.equal(true);
        },
      ),
    );
  });

  it("never divides by zero", () => {
    expect(() => quotient(ONE, ZERO)).to.throw(RangeError, "division by zero");
    expect(() => share(ONE, ONE, ZERO)).to.throw(RangeError, "division by zero");
  });
});
