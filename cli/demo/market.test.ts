import { expect } from "chai";
import fc from "fast-check";
import { tryDecimal } from "../../platform/kernel/decimal.ts";
import type { TickInput } from "../import/read-ticks.ts";
import { DEMO_INSTRUMENTS, stepsText } from "./instruments.ts";
import { demoMarket } from "./market.ts";

const HOUR_SECONDS = 3_600;
const START_MS = 1_700_000_000_000;

function ticksOf(seed: number, seconds: number, startMs = START_MS): TickInput[] {
  const market = demoMarket({ seed, startMs });
  return market
    .take(seconds)
    .flatMap(({ ticks }) => ticks)
    .toArray();
}

describe("demo market", () => {
  const hour = ticksOf(1, HOUR_SECONDS);

  it("gives the same ticks for the same seed, others for another", () => {
    expect(ticksOf(7, 120)).to.deep.equal(ticksOf(7, 120));
    expect(ticksOf(7, 120)).to.not.deep.equal(ticksOf(8, 120));
  });

  it("never lets time fall, and keeps every second's ticks within it", () => {
    const seconds = demoMarket({ seed: 3, startMs: START_MS }).take(300);
    let lastMs = 0;
    for (const { startMs, ticks } of seconds) {
      for (const { timestamp } of ticks) {
        expect(timestamp).to.be.within(Math.max(lastMs, startMs), startMs + 999);
        lastMs = timestamp;
      }
    }
  });

  it("numbers an instrument's trades without holes, a later start above all earlier ones", () => {
    for (const { symbol } of DEMO_INSTRUMENTS) {
      const ids = hour.filter((tick) => tick.symbol === symbol).map((tick) => Number(tick.tradeId));
      expect(ids).to.deep.equal(ids.map((_, index) => START_MS + index));
      expect(ids.at(-1)).to.be.below(START_MS + HOUR_SECONDS * 1_000);
    }
  });

  it("has bursts of trades within one millisecond", () => {
    expect(largestBurst(hour)).to.be.at.least(6);
  });

  it("has gaps of more than a minute, and trades of every instrument", () => {
    const gaps = DEMO_INSTRUMENTS.map(({ symbol }) => {
      const times = hour.filter((tick) => tick.symbol === symbol).map((tick) => tick.timestamp);
      expect(times.length, symbol).to.be.above(200);
      return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
    });
    expect(Math.max(...gaps)).to.be.above(60_000);
  });

  it("moves, but stays believable: no price halves or doubles within an hour", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        for (const { symbol, startPriceSteps, priceDecimals } of DEMO_INSTRUMENTS) {
          const start = Number(stepsText(startPriceSteps, priceDecimals));
          const prices = ticksOf(seed, HOUR_SECONDS)
            .filter((tick) => tick.symbol === symbol)
            .map((tick) => Number(tick.price));
          expect(Math.min(...prices) / start, symbol).to.be.above(0.5);
          expect(Math.max(...prices) / start, symbol).to.be.below(2);
          expect(new Set(prices).size, symbol).to.be.above(20);
        }
      }),
      { numRuns: 5 },
    );
  });

  it("has clusters: the volatility of neighbouring minutes is alike", () => {
    const ranges = minuteRanges(
      ticksOf(2, 6 * HOUR_SECONDS).filter((t) => t.symbol === "BTC-USDT"),
    );
    expect(correlation(ranges.slice(1), ranges.slice(0, -1))).to.be.above(0.2);
  });

  it("writes prices and volumes as positive decimals", () => {
    for (const { price, volume } of hour) {
      expect(tryDecimal(price)?.gt(0), price).to.equal(true);
      expect(tryDecimal(volume)?.gt(0), volume).to.equal(true);
    }
  });
});

function largestBurst(ticks: readonly TickInput[]): number {
  const counts = new Map<string, number>();
  for (const { symbol, timestamp } of ticks) {
    const key = `${symbol} ${timestamp}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

function minuteRanges(ticks: readonly TickInput[]): number[] {
  const minutes = Map.groupBy(ticks, ({ timestamp }) => Math.floor(timestamp / 60_000));
  return [...minutes.values()].map((minute) => {
    const prices = minute.map(({ price }) => Number(price));
    return Math.log(Math.max(...prices) / Math.min(...prices));
  });
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = mean(xs.map((x, index) => (x - mx) * ((ys[index] ?? my) - my)));
  const deviation = (values: readonly number[], m: number) => {
    return Math.sqrt(mean(values.map((value) => (value - m) ** 2)));
  };
  return covariance / (deviation(xs, mx) * deviation(ys, my));
}
