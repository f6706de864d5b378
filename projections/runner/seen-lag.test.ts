import { expect } from "chai";
import fc from "fast-check";
import type { PartitionKey, Positions } from "../../platform/log/log.ts";
import { SeenLag } from "./seen-lag.ts";

const LONGEST_PASSED_MS = 500;

const at = (...positions: readonly number[]): Positions => {
  return new Map(positions.map((next, i): [PartitionKey, number] => [`a.events/${i}`, next]));
};

describe("the lag told by when ends were seen", () => {
  it("is none for who has all that there is", () => {
    const lag = new SeenLag();
    expect(lag.look(at(10, 5), at(10, 5), 0)).to.deep.equal({ lagMs: 0, isFed: true });
    expect(lag.look(at(12, 5), at(12, 5), 60_000)).to.deep.equal({ lagMs: 0, isFed: true });
  });

  it("counts from when the oldest end was seen that is not reached", () => {
    const lag = new SeenLag();
    lag.look(at(10), at(10), 0);
    lag.look(at(10), at(20), 250);
    lag.look(at(10), at(30), 500);
    expect(lag.look(at(15), at(30), 750).lagMs).to.equal(500);
    expect(lag.look(at(20), at(30), 1_000).lagMs).to.equal(500);
    expect(lag.look(at(30), at(30), 1_250).lagMs).to.equal(0);
  });

  it("is that of the partition that is furthest behind", () => {
    const lag = new SeenLag();
    lag.look(at(10, 10), at(11, 10), 0);
    expect(lag.look(at(10, 10), at(11, 12), 1_000).lagMs).to.equal(1_000);
    expect(lag.look(at(11, 10), at(11, 12), 1_500).lagMs).to.equal(500);
  });

  it("counts a partition that the generation has not begun", () => {
    const lag = new SeenLag();
    lag.look(at(), at(3), 0);
    expect(lag.look(at(), at(3), 400).lagMs).to.equal(400);
  });

  it("says that nobody feeds what lacks records and has not moved for ten seconds", () => {
    const lag = new SeenLag();
    lag.look(at(10, 0), at(20, 5), 0);
    expect(lag.look(at(10, 0), at(20, 5), 9_999).isFed).to.equal(true);
    expect(lag.look(at(10, 0), at(20, 5), 10_000).isFed).to.equal(false);
    expect(lag.look(at(10, 1), at(20, 5), 10_250).isFed).to.equal(true);
    const idle = new SeenLag();
    idle.look(at(20), at(20), 0);
    expect(idle.look(at(20), at(20), 60_000).isFed).to.equal(true);
  });

  /** Records are appended and applied at times; a look comes after each. */
  it("is never above the age of the oldest record that is lacking, nor a look's time below", () => {
    const step = fc.record({
      appended: fc.nat({ max: 3 }),
      applied: fc.nat({ max: 4 }),
      passedMs: fc.nat({ max: LONGEST_PASSED_MS }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const lag = new SeenLag();
        const appendedAtMs: number[] = [];
        let [position, nowMs] = [0, 0];
        for (const { appended, applied, passedMs } of steps) {
          for (let i = 0; i < appended; i += 1) appendedAtMs.push(nowMs);
          nowMs += passedMs;
          position = Math.min(appendedAtMs.length, position + applied);
          const { lagMs } = lag.look(at(position), at(appendedAtMs.length), nowMs);
          const oldest = appendedAtMs[position];
          const ageMs = oldest === undefined ? 0 : nowMs - oldest;
          expect(lagMs).to.be.within(Math.max(0, ageMs - LONGEST_PASSED_MS), ageMs);
        }
      }),
    );
  });
});
