import { expect } from "chai";
import { statusLine } from "./status-line.ts";

describe("the line of the live demo", () => {
  const prices = new Map([
    ["BTC-USDT", "61246.98"],
    ["ETH-USDT", "2659.35"],
  ]);
  const status = { atMs: Date.UTC(2024, 7, 9, 12, 0, 5), ticks: 17, prices };

  it("tells time, ticks and last prices", () => {
    expect(statusLine(status, 100)).to.equal(
      "12:00:05  17 live ticks  BTC-USDT 61246.98  ETH-USDT 2659.35",
    );
  });

  it("leaves out what would wrap on a narrow terminal", () => {
    expect(statusLine(status, 50)).to.equal("12:00:05  17 live ticks  BTC-USDT 61246.98");
    for (let columns = 1; columns < 100; columns += 1) {
      expect(statusLine(status, columns).length).to.be.below(columns);
    }
  });
});
