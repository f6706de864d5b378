import { expect } from "chai";
import fc from "fast-check";
import { decimal, decimalText, fromUnscaled } from "../../platform/kernel/decimal.ts";
import { storedDecimal } from "./stored-decimal.ts";

describe("a stored decimal", () => {
  it("is the one that the kernel reads, digit by digit, whatever its size", () => {
    const magnitude = fc.integer({ min: 0, max: 37 });
    const unscaled = magnitude.chain((digits) => {
      return fc.bigInt({ min: -(10n ** BigInt(digits)), max: 10n ** BigInt(digits) });
    });
    fc.assert(
      fc.property(unscaled, fc.integer({ min: 0, max: 18 }), (value, zeros) => {
        const text = decimalText(fromUnscaled(value - (value % 10n ** BigInt(zeros))));
        expect({ ...storedDecimal(text) }).to.deep.equal({ ...decimal(text) });
      }),
      { numRuns: 2_000 },
    );
  });

  it("is read where the fast way does not fit, too", () => {
    for (const text of [
      "0",
      "-0.5",
      "1.000000000000000001",
      "0.01",
      "0.00000000000001",
      "0.000000000000001",
      "100000000000000",
    ]) {
      expect({ ...storedDecimal(text) }, text).to.deep.equal({ ...decimal(text) });
    }
  });

  it("takes nothing that is no decimal", () => {
    for (const text of ["", "-", "1,5", "x", "1.5.5"]) {
      expect(() => storedDecimal(text), text).to.throw(RangeError);
    }
  });
});
