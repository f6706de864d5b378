import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { projection } from "../command-side/contexts/operations/projection/index.ts";
import { Owners } from "../command-side/ownership/owners.ts";
import { type OwnerParts, PartitionOwner } from "../command-side/ownership/partition-owner.ts";
import type { SqliteLog } from "../platform/log/sqlite/sqlite-log.ts";
import { type Breaks, breakable, disturbed } from "./ownership/disturbed-log.ts";
import { type OwnedLog, openOwnedLog } from "./ownership/owned-log.ts";
import { claimCount, eventCount, start } from "./ownership/requests.ts";

const RECOVERS_WITHIN_MILLISECONDS = 10_000;
const LOOK_EVERY_MILLISECONDS = 10;
/** Long enough for some attempts. */
const SOME_ATTEMPTS_MILLISECONDS = 800;

describe("an owner whose log failed", () => {
  let owned: OwnedLog;
  let log: SqliteLog;
  let breaks: Breaks;
  let parts: OwnerParts;
  let told: (string | null)[];

  beforeEach(async () => {
    owned = await openOwnedLog();
    log = owned.log;
    breaks = {};
    told = [];
    const onTrouble = (_partition: unknown, reason: string | null) => told.push(reason);
    const observer = { ...owned.parts.observer, onTrouble };
    parts = { ...owned.parts, log: breakable(log, breaks), owner: "first", observer };
  });

  afterEach(() => owned.close());

  async function until(isSo: () => boolean): Promise<void> {
    const deadline = performance.now() + RECOVERS_WITHIN_MILLISECONDS;
    while (!isSo()) {
      if (performance.now() > deadline) throw new Error("it did not come to that in time");
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  }

  it("gives up for now, says why, and answers everybody", async () => {
    const owner = await PartitionOwner.take(parts);
    breaks.append = "refused";
    const outcomes = await Promise.all(["a", "b"].map((id) => owner.submit(start(id))));
    for (const outcome of outcomes) {
      expect(outcome).to.include({ code: "LOG_UNAVAILABLE" });
      expect(outcome).to.have.property("detail").that.contains("the append was refused");
    }
    expect(owner.obstacle).to.contain("the append was refused");
    expect(await eventCount(log)).to.equal(0);
    await owner.stop();
  });

  it("takes commands again by itself once the log works", async () => {
    const owner = await PartitionOwner.take(parts);
    breaks.append = "refused";
    breaks.claim = "refused";
    expect(await owner.submit(start("a"))).to.include({ code: "LOG_UNAVAILABLE" });
    delete breaks.append;
    await sleep(SOME_ATTEMPTS_MILLISECONDS);
    expect(owner.obstacle).to.contain("the claim was refused");
    delete breaks.claim;
    await until(() => owner.obstacle === null);
    expect((await owner.submit(start("b"))).outcome).to.equal("accepted");
    expect(told.at(0)).to.be.a("string");
    expect(told.at(-1)).to.equal(null);
  });

  it("finds what was written when the answer was lost for good, once it serves again", async () => {
    const owner = await PartitionOwner.take(parts);
    breaks.append = "lost";
    breaks.claim = "lost";
    const request = start("a");
    expect(await owner.submit(request)).to.include({ code: "LOG_UNAVAILABLE" });
    delete breaks.append;
    delete breaks.claim;
    await until(() => owner.obstacle === null);
    expect(await owner.submit(request)).to.include({ outcome: "accepted", repeated: true });
    expect(await eventCount(log)).to.equal(2);
  });

  it("folds again where the fold failed, and claims nothing for that", async () => {
    let isFull = true;
    const fillsOnce = disturbed(log, 1, async () => ({ outcome: "disk_full" }));
    const broken = breakable(log, breaks);
    const owner = await PartitionOwner.take({
      ...parts,
      log: {
        ...broken,
        append: (reign, end, records) => {
          if (isFull) breaks.read = "refused";
          isFull = false;
          return fillsOnce.append(reign, end, records);
        },
      },
    });
    expect(await owner.submit(start("a"))).to.include({ code: "DISK_FULL" });
    expect(owner.obstacle).to.contain("cannot be folded").and.contain("the read was refused");
    expect(await owner.submit(start("b"))).to.include({ code: "LOG_UNAVAILABLE" });
    await sleep(SOME_ATTEMPTS_MILLISECONDS);
    delete breaks.read;
    await until(() => owner.obstacle === null);
    expect((await owner.submit(start("b"))).outcome).to.equal("accepted");
    expect(await claimCount(log)).to.equal(1);
  });

  it("decides alone what the log refuses together, and answers for the one it never takes", async () => {
    const refuses = (times: number) => {
      return disturbed(log, times, async () => ({ outcome: "rejected", reason: "too large" }));
    };
    const owner = await PartitionOwner.take({ ...parts, log: refuses(2) });
    const answers = await Promise.all(["a", "b", "c"].map((id) => owner.submit(start(id))));
    const codes = answers.map((one) => (one.outcome === "failed" ? one.code : one.outcome));
    expect(codes).to.deep.equal(["APPEND_REJECTED", "accepted", "accepted"]);
    expect(await claimCount(log)).to.equal(3);
    expect((await owner.submit(start("a"))).outcome).to.equal("accepted");
  });

  it("stays stopped where another owner has claimed meanwhile", async () => {
    const owner = await PartitionOwner.take(parts);
    breaks.append = "refused";
    breaks.claim = "refused";
    await owner.submit(start("a"));
    const other = await PartitionOwner.take({ ...parts, log, owner: "second" });
    breaks = Object.assign(breaks, { append: undefined, claim: undefined });
    await until(() => owner.obstacle === "another process has claimed the partition");
    const claims = await claimCount(log);
    await sleep(SOME_ATTEMPTS_MILLISECONDS);
    expect(await owner.submit(start("b"))).to.include({ code: "NOT_OWNER" });
    expect((await other.submit(start("c"))).outcome).to.equal("accepted");
    expect(await claimCount(log)).to.equal(claims);
    expect(told.at(-1)).to.equal("another process has claimed the partition");
  });

  it("does not take the partition back after an append of unknown outcome", async () => {
    let other: PartitionOwner | null = null;
    const overtaken = disturbed(log, 1, async () => {
      other = await PartitionOwner.take({ ...parts, log, owner: "second" });
      throw new Error("the answer was lost");
    });
    const owner = await PartitionOwner.take({ ...parts, log: overtaken });
    expect(await owner.submit(start("a"))).to.include({ code: "NOT_OWNER" });
    const next = other as PartitionOwner | null;
    expect((await next?.submit(start("b")))?.outcome).to.equal("accepted");
    expect(await claimCount(log)).to.equal(2);
  });

  it("tries no more when it is stopped", async () => {
    const owner = await PartitionOwner.take(parts);
    breaks.append = "refused";
    await owner.submit(start("a"));
    await owner.stop();
    const claims = await claimCount(log);
    delete breaks.append;
    await sleep(SOME_ATTEMPTS_MILLISECONDS);
    expect(await claimCount(log)).to.equal(claims);
    expect(await owner.submit(start("b"))).to.include({ code: "NOT_OWNER" });
  });

  it("is named with its partition and the reason", async () => {
    const owners = await Owners.take({ ...parts, aggregates: [projection] });
    expect(owners.obstacle).to.equal(null);
    breaks.append = "refused";
    await owners.submit(start("a"));
    expect(owners.obstacle).to.match(/^operations\.events\/0: .*the append was refused$/);
    await owners.end();
  });
});
