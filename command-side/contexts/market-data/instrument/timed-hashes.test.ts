import { expect } from "chai";
import fc from "fast-check";
import { TimedHashes } from "./timed-hashes.ts";

describe("TimedHashes", () => {
  it("forgets the earliest times first, whichever arrived first", () => {
    const hashes = new TimedHashes({ most: 2, least: 0, keptMilliseconds: 1_000 });
    for (const timeMs of [30, 10, 20]) hashes.add(`at ${timeMs}`, timeMs);
    hashes.forget(30);
    expect(hashes.horizonMs).to.equal(10);
    expect([10, 20, 30].map((timeMs) => hashes.has(`at ${timeMs}`))).to.deep.equal([
      false,
      true,
      true,
    ]);
  });

  it("forgets old ones only where enough are left", () => {
    const hashes = new TimedHashes({ most: 9, least: 2, keptMilliseconds: 100 });
    for (const timeMs of [1, 2, 3, 500]) hashes.add(`at ${timeMs}`, timeMs);
    hashes.forget(500);
    expect(hashes.size).to.equal(2);
    expect(hashes.horizonMs).to.equal(2);
  });

  it("keeps the greatest times of any order of arrival", () => {
    const times = fc.array(fc.nat({ max: 1_000 }), { maxLength: 120 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 50 }), (arrived, most) => {
        const hashes = new TimedHashes({ most, least: 0, keptMilliseconds: 10_000 });
        for (const [index, timeMs] of arrived.entries()) {
          hashes.add(`${index} at ${timeMs}`, timeMs);
          hashes.forget(1_000);
        }
        const kept = arrived.filter((timeMs, index) => hashes.has(`${index} at ${timeMs}`));
        const greatest = arrived.toSorted((a, b) => b - a).slice(0, most);
        expect(kept.toSorted((a, b) => b - a)).to.deep.equal(greatest);
        const forgotten = arrived.filter((timeMs, i) => !hashes.has(`${i} at ${timeMs}`));
        expect(hashes.horizonMs).to.equal(Math.max(-1, ...forgotten));
      }),
    );
  });
});
