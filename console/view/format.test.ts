import { expect } from "chai";
import { amountText, percentText, secondsText, timeText, wordsOf } from "./format.ts";

describe("figures as text", () => {
  it("are grouped, and cut without rounding where they are long", () => {
    expect(amountText("1234567.5")).to.equal("1,234,567.5");
    expect(amountText("-0.129999999999999999", 2)).to.equal("−0.12…");
    expect(amountText("61532")).to.equal("61,532");
    expect(amountText("0.12", 2)).to.equal("0.12");
  });

  it("have units that one reads", () => {
    expect(secondsText(0.04)).to.equal("0.0 s");
    expect(secondsText(3_725)).to.equal("1 h 2 min");
    expect(percentText(0.12345)).to.equal("12.35 %");
    expect(timeText("2026-11-25T06:11:00.000Z")).to.equal("2026-11-25 06:11:00");
    expect(timeText("soon")).to.equal("soon");
    expect(wordsOf("maxDrawdown")).to.equal("max drawdown");
  });
});
