import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Recovery } from "./recovery.ts";

describe("a recovery", () => {
  it("tries with growing pauses until it succeeds, and tells of each reason", async () => {
    const told: (string | null)[] = [];
    const atMs: number[] = [];
    const recovery = new Recovery({
      attempt: async () => {
        atMs.push(performance.now());
        if (atMs.length < 3) throw new Error(`failed ${atMs.length} times`);
      },
      onTrouble: (reason) => told.push(reason),
    });
    recovery.begin("it broke");
    expect(recovery.trouble).to.equal("it broke");
    await recovery.idle();
    expect(told).to.deep.equal(["it broke", "failed 1 times", "failed 2 times", null]);
    expect(recovery.trouble).to.equal(null);
    const [one = 0, two = 0, three = 0] = atMs;
    expect(two - one).to.be.above(190);
    expect(three - two).to.be.above(1.5 * (two - one));
  });

  it("goes on with long pauses until something has worked", async () => {
    const recovery = new Recovery({ attempt: async () => {}, onTrouble: () => {} });
    const recover = async () => {
      const startedMs = performance.now();
      recovery.begin("it broke");
      await recovery.idle();
      return performance.now() - startedMs;
    };
    await recover();
    await recover();
    expect(await recover()).to.be.above(390);
    recovery.hasWorked();
    expect(await recover()).to.be.below(390);
  });

  it("begins no attempt after its end", async () => {
    let attempts = 0;
    const attempt = async () => {
      attempts += 1;
    };
    const recovery = new Recovery({ attempt, onTrouble: () => {} });
    recovery.begin("it broke");
    recovery.end();
    await recovery.idle();
    recovery.begin("again");
    await sleep(200);
    expect(attempts).to.equal(0);
  });
});
