import { expect } from "chai";
import fc from "fast-check";
import {
  bucketEnd,
  bucketStart,
  type Interval,
  intervals,
  isFoldedFromTicks,
  minuteOf,
  parseInterval,
} from "./interval.ts";

const at = (text: string) => Date.parse(text);
const iso = (timeMs: number) => new Date(timeMs).toISOString();

const CASES: readonly (readonly [Interval, string, string, string])[] = [
  ["1s", "2024-08-08T23:59:59.999Z", "2024-08-08T23:59:59.000Z", "2024-08-09T00:00:00.000Z"],
  ["1m", "2024-08-08T23:59:59.999Z", "2024-08-08T23:59:00.000Z", "2024-08-09T00:00:00.000Z"],
  ["1m", "2024-08-09T00:00:00.000Z", "2024-08-09T00:00:00.000Z", "2024-08-09T00:01:00.000Z"],
  ["4h", "2024-08-08T23:59:00.000Z", "2024-08-08T20:00:00.000Z", "2024-08-09T00:00:00.000Z"],
  ["1d", "2024-02-29T12:00:00.000Z", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z"],
  ["1w", "2024-08-11T23:59:59.999Z", "2024-08-05T00:00:00.000Z", "2024-08-12T00:00:00.000Z"],
  ["1w", "2024-08-12T00:00:00.000Z", "2024-08-12T00:00:00.000Z", "2024-08-19T00:00:00.000Z"],
  ["1w", "2025-01-01T00:00:00.000Z", "2024-12-30T00:00:00.000Z", "2025-01-06T00:00:00.000Z"],
  ["1M", "2024-02-29T23:59:59.999Z", "2024-02-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z"],
  ["1M", "2023-12-31T23:59:59.999Z", "2023-12-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z"],
];

describe("buckets of time", () => {
  for (const [interval, time, start, end] of CASES) {
    it(`put ${time} into the ${interval} from ${start}`, () => {
      expect(iso(bucketStart(at(time), interval))).to.equal(start);
      expect(iso(bucketEnd(at(time), interval))).to.equal(end);
    });
  }

  it("follow each other without a gap and hold every time once", () => {
    const time = fc.nat({ max: 4_102_444_800_000 });
    fc.assert(
      fc.property(fc.constantFrom(...intervals), time, (interval, timeMs) => {
        const [start, end] = [bucketStart(timeMs, interval), bucketEnd(timeMs, interval)];
        expect(start <= timeMs && timeMs < end).to.equal(true);
        expect(bucketStart(start, interval)).to.equal(start);
        expect(bucketStart(end, interval)).to.equal(end);
        expect(bucketEnd(end - 1, interval)).to.equal(end);
      }),
    );
  });

  it("are minutes where minutes are meant", () => {
    const timeMs = at("2024-08-08T23:59:59.999Z");
    expect(minuteOf(timeMs)).to.equal(bucketStart(timeMs, "1m"));
  });

  it("shorter than a minute are folded from ticks, the others from minutes", () => {
    const short = intervals.filter(isFoldedFromTicks);
    expect(short).to.deep.equal(["1s", "5s", "10s", "15s", "30s"]);
  });

  it("are named by text", () => {
    expect(parseInterval("1M")).to.equal("1M");
    expect(parseInterval("1m")).to.equal("1m");
    expect(parseInterval("7m")).to.equal(null);
    expect(parseInterval("toString")).to.equal(null);
  });
});
