import { expect } from "chai";
import fc from "fast-check";
import { Helped, nextShare, Pace } from "./pace.ts";
import { pause } from "./pause.ts";

const LIMIT_MS = 2_000;
const NEVER = new AbortController().signal;

/** Shares after looks that found these lags, from the full speed on. */
function sharesAfter(lags: readonly number[], isFed = true): number[] {
  let share = 1;
  return lags.map((lagMs) => {
    share = nextShare(share, { lagMs, isFed }, LIMIT_MS);
    return share;
  });
}

describe("the share of its time in which a build works", () => {
  it("is all of it while nothing lags", () => {
    expect(sharesAfter([0, 100, 999])).to.deep.equal([1, 1, 1]);
  });

  it("is halved with each look from half of the limit on, and least at the limit", () => {
    expect(sharesAfter([1_000, 1_500, 1_999])).to.deep.equal([0.5, 0.25, 0.125]);
    expect(sharesAfter([2_000])).to.deep.equal([0.05]);
  });

  it("rises again, slower than it fell", () => {
    const [, ...risen] = sharesAfter([2_000, ...Array.from({ length: 25 }, () => 0)]);
    expect(risen[0]).to.be.closeTo(0.1, 0.001);
    expect(risen.at(-1)).to.equal(1);
  });

  it("is a quarter where nobody feeds the live generation", () => {
    expect(sharesAfter([0, 1_000_000], false)).to.deep.equal([0.25, 0.25]);
  });

  it("is never nothing, whatever is seen", () => {
    const seen = fc.array(fc.record({ lagMs: fc.nat(), isFed: fc.boolean() }));
    fc.assert(
      fc.property(seen, fc.integer({ min: 100, max: 3_600_000 }), (looks, limitMs) => {
        let share = 1;
        for (const look of looks) share = nextShare(share, look, limitMs);
        expect(share).to.be.within(0.05, 1);
      }),
    );
  });
});

describe("whether it helps a live generation that a build is slow", () => {
  const LAGS_MS = LIMIT_MS;
  const SLOW = 0.05;

  function lookAll(helped: Helped, looks: number, [share, lagMs]: readonly [number, number]) {
    return Array.from({ length: looks }, () => helped.look(share, lagMs, LIMIT_MS)).at(-1);
  }

  it("is taken for granted at first, and while the build has much of its time", () => {
    expect(lookAll(new Helped(), 1_000, [1, LAGS_MS])).to.equal(true);
    expect(lookAll(new Helped(), 39, [SLOW, LAGS_MS])).to.equal(true);
  });

  it("is not so once it has lagged for long beside a slow build, until that is over", () => {
    const helped = new Helped();
    expect(lookAll(helped, 40, [SLOW, LAGS_MS])).to.equal(false);
    expect(lookAll(helped, 39, [SLOW, 0])).to.equal(false);
    expect(lookAll(helped, 1, [SLOW, 0])).to.equal(true);
  });

  it("is not so either where it lags most of the time", () => {
    const helped = new Helped();
    let isHelped = true;
    for (let round = 0; round < 20; round += 1) {
      lookAll(helped, 7, [SLOW, LAGS_MS]);
      isHelped = helped.look(SLOW, 0, LIMIT_MS) && isHelped;
    }
    expect(isHelped).to.equal(false);
  });
});

describe("the pace of a build", () => {
  it("asks for no rest at full speed, and lets all work at once", async () => {
    const pace = new Pace();
    await pace.rest(3_600_000, NEVER);
    let [working, most] = [0, 0];
    const work = async () => {
      working += 1;
      most = Math.max(most, working);
      await pause(5, NEVER);
      working -= 1;
    };
    await Promise.all([work, work, work].map((one) => pace.work(one, NEVER)));
    expect(most).to.equal(3);
  });

  it("lets them work one after the other below it, together no more than the share", async () => {
    const pace = new Pace();
    pace.share = 0.25;
    const startedMs = performance.now();
    const spans: [number, number][] = [];
    const work = async () => {
      const from = performance.now();
      await pause(20, NEVER);
      spans.push([from, performance.now()]);
      return spans.length;
    };
    const given = await Promise.all([work, work, work].map((one) => pace.work(one, NEVER)));
    expect(given).to.deep.equal([1, 2, 3]);
    for (const [i, [from, to]] of spans.slice(1).entries()) {
      const [before, until] = spans[i] as [number, number];
      // Three quarters are rest.
      expect(from - until).to.be.at.least((until - before) * 3 - 2);
      expect(to).to.be.above(from);
    }
    expect(performance.now() - startedMs).to.be.at.least(175);
  });

  it("goes on after work that fails", async () => {
    const pace = new Pace();
    pace.share = 0.5;
    const failing = pace.work(() => Promise.reject(new Error("no")), NEVER);
    const after = pace.work(async () => "done", NEVER);
    expect(await failing.catch((error: Error) => error.message)).to.equal("no");
    expect(await after).to.equal("done");
  });

  it("ends rests as soon as nothing lags any more", async () => {
    const pace = new Pace();
    pace.share = 0.05;
    const startedMs = performance.now();
    const resting = pace.rest(1_000, NEVER);
    pace.share = 1;
    await resting;
    expect(performance.now() - startedMs).to.be.below(1_000);
  });

  it("ends rests when the build is to end", async () => {
    const pace = new Pace();
    pace.share = 0.05;
    const stopping = new AbortController();
    const resting = pace.rest(1_000, stopping.signal);
    stopping.abort();
    await resting;
  });

  it("counts no batch for more than a second, so that every rest has an end", async () => {
    const pace = new Pace();
    pace.share = 0.9;
    const startedMs = performance.now();
    await pace.rest(3_600_000, NEVER);
    expect(performance.now() - startedMs).to.be.within(100, 2_000);
  });
});
