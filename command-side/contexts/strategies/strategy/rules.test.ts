import { expect } from "chai";
import { parseCondition, parseIndicator } from "./rules.ts";

const parsed = (text: string) => {
  const condition = parseCondition(text);
  return condition.ok ? condition.value : condition.reason;
};

describe("the words of a strategy's rules", () => {
  it("reads levels, with the number as it is written", () => {
    expect(parsed("above_70")).to.deep.equal({ kind: "level", word: "above", than: "70" });
    expect(parsed("below_-0.5")).to.deep.equal({ kind: "level", word: "below", than: "-0.5" });
    expect(parsed("at_least_1.25")).to.include({ word: "at_least", than: "1.25" });
  });

  it("reads crossings of a number, a line or another indicator", () => {
    expect(parsed("crosses_above_signal")).to.deep.include({
      over: { kind: "line", line: "signal" },
    });
    expect(parsed("crosses_below_30")).to.deep.include({ over: { kind: "number", text: "30" } });
    expect(parsed("crosses_above_EMA_26")).to.deep.include({
      over: { kind: "indicator", indicator: { name: "EMA", period: 26 } },
    });
  });

  it("reads ranges and bands", () => {
    expect(parsed("between_30_70")).to.include({ word: "between", low: "30", high: "70" });
    expect(parsed("inside_bands")).to.deep.equal({ kind: "band", word: "inside_bands" });
    expect(parsed("above_upper")).to.include({ kind: "band" });
  });

  it("names the allowed words when it cannot read one", () => {
    expect(parsed("touches_70")).to.include("crosses_above").and.to.include("inside_bands");
    expect(parsed("crosses_above_moon")).to.include("signal, upper, middle, lower");
    expect(parsed("between_70_30")).to.equal(
      "the first number of a range must be below the second",
    );
    const unknown = parseIndicator("MOON");
    expect(unknown.ok ? "" : unknown.reason).to.include("RSI, EMA, SMA, MACD, BOLLINGER");
  });

  it("takes periods from 2 to 500", () => {
    expect(parseIndicator("EMA_12")).to.deep.equal({
      ok: true,
      value: { name: "EMA", period: 12 },
    });
    for (const text of ["EMA_1", "EMA_501", "EMA_1.5"])
      expect(parseIndicator(text).ok).to.equal(false);
  });
});
