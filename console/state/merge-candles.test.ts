import { expect } from "chai";
import type { Candle } from "../api/instruments.ts";
import { mergeCandles } from "./merge-candles.ts";

function candle(minute: number, close: string, complete = true): Candle {
  const openTime = new Date(minute * 60_000).toISOString();
  const figures = { open: "1", high: "2", low: "1", close, volume: "1", vwap: null, trades: 1 };
  return { openTime, closeTime: openTime, ...figures, complete };
}

describe("candles that go on", () => {
  const known = [candle(1, "1.5"), candle(2, "1.6", false)];

  it("get new ones at their end, and the running one changed", () => {
    const merged = mergeCandles(known, [candle(2, "1.7"), candle(3, "1.8", false)]);
    expect(merged.map(({ close }) => close)).to.deep.equal(["1.5", "1.7", "1.8"]);
    expect(merged[0]).to.equal(known[0]);
  });

  it("take a revision of one long ago into its place", () => {
    const merged = mergeCandles(known, [candle(1, "1.4")]);
    expect(merged.map(({ close }) => close)).to.deep.equal(["1.4", "1.6"]);
  });

  it("stay the same object when nothing has changed, so that nothing is drawn", () => {
    expect(mergeCandles(known, [candle(2, "1.6", false)])).to.equal(known);
  });

  it("are what comes first when there are none", () => {
    expect(mergeCandles(null, known)).to.equal(known);
  });
});
