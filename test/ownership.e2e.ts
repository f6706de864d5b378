import { expect } from "chai";
import type { Accepted } from "../command-side/gateway.ts";
import { type OwnerParts, PartitionOwner } from "../command-side/ownership/partition-owner.ts";
import type { SqliteLog } from "../platform/log/sqlite/sqlite-log.ts";
import { disturbed, failingAppends, losingAnswers } from "./ownership/disturbed-log.ts";
import { type OwnedLog, openOwnedLog } from "./ownership/owned-log.ts";
import { accepted, eventCount, start } from "./ownership/requests.ts";

describe("the owner of a partition", () => {
  let owned: OwnedLog;
  let log: SqliteLog;
  let parts: OwnerParts;
  let appends: number;

  beforeEach(async () => {
    owned = await openOwnedLog();
    appends = 0;
    log = owned.log;
    const onAppend = () => {
      appends += 1;
    };
    parts = { ...owned.parts, observer: { ...owned.parts.observer, onAppend } };
  });

  afterEach(() => owned.close());

  it("commits commands that wait together in one append", async () => {
    const owner = await PartitionOwner.take(parts);
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => owner.submit(start(`projection-${i}`))),
    );
    expect(outcomes.every((one) => one.outcome === "accepted")).to.equal(true);
    expect(appends).to.equal(1);
  });

  it("decides each command of a batch on what those before it did", async () => {
    const owner = await PartitionOwner.take(parts);
    const [first, second, third] = await Promise.all([
      owner.submit(start("portfolios")),
      owner.submit(start("portfolios")),
      owner.submit(start("portfolios")),
    ]);
    expect([first, second].map((one) => one?.outcome)).to.deep.equal(["accepted", "accepted"]);
    expect(accepted(second).version).to.equal(3);
    expect(third).to.have.nested.property("refusal.code", "REBUILD_RUNNING");
  });

  it("answers a repeated command as the first time, within a batch, later and after a restart", async () => {
    const request = start("portfolios");
    const owner = await PartitionOwner.take(parts);
    const [first, twin] = await Promise.all([owner.submit(request), owner.submit(request)]);
    const later = await owner.submit(request);
    const restarted = await PartitionOwner.take(parts);
    const muchLater = await restarted.submit(request);
    for (const repeated of [twin, later, muchLater]) {
      expect(repeated).to.deep.equal({ ...first, repeated: true });
    }
    expect(await log.ends("operations.events")).to.deep.equal([2 + 2 + 1]);
  });

  it("refuses a command id that was used for another command", async () => {
    const owner = await PartitionOwner.take(parts);
    const request = start("portfolios");
    const other = { ...request, aggregateId: "ticks" };
    const [, inBatch] = await Promise.all([owner.submit(request), owner.submit(other)]);
    expect(inBatch).to.include({ outcome: "failed", code: "COMMAND_ID_REUSED" });
    expect(await owner.submit(other)).to.include({ code: "COMMAND_ID_REUSED" });
  });

  it("decides a command id once, also when it failed earlier in the same batch", async () => {
    const owner = await PartitionOwner.take(parts);
    const request = start("portfolios");
    const [conflict, first, repeated] = await Promise.all([
      owner.submit({ ...request, expectedVersion: 7 }),
      owner.submit(request),
      owner.submit(request),
    ]);
    expect(conflict).to.include({ code: "VERSION_CONFLICT" });
    expect(repeated).to.deep.equal({ ...first, repeated: true });
    expect(await eventCount(log)).to.equal(2);
  });

  it("checks the expected version before the rules, and tells the actual one", async () => {
    const owner = await PartitionOwner.take(parts);
    await owner.submit(start("portfolios"));
    const conflict = await owner.submit({ ...start("portfolios"), expectedVersion: 7 });
    expect(conflict).to.include({ code: "VERSION_CONFLICT" });
    expect(conflict).to.have.nested.property("facts.actualVersion", 2);
    const exists = await owner.submit({ ...start("portfolios"), expectedVersion: "none" });
    expect(exists).to.include({ code: "VERSION_CONFLICT" });
    const right = await owner.submit({ ...start("portfolios"), expectedVersion: 2 });
    expect(right.outcome).to.equal("accepted");
  });

  it("answers NOT_FOUND where the aggregate does not exist", async () => {
    const owner = await PartitionOwner.take(parts);
    const command = { type: "RetireGeneration", data: { generation: 1, reason: "test" } };
    expect(await owner.submit({ ...start("nobody"), command })).to.include({ code: "NOT_FOUND" });
  });

  it("serves nobody once another owner has claimed, refusals included", async () => {
    const stale = await PartitionOwner.take(parts);
    await stale.submit(start("portfolios"));
    await stale.submit(start("portfolios"));
    const next = await PartitionOwner.take(parts);
    const refusalByStale = await stale.submit(start("portfolios"));
    expect(refusalByStale).to.include({ code: "NOT_OWNER" });
    expect(await stale.submit(start("another"))).to.include({ code: "NOT_OWNER" });
    expect((await next.submit(start("another"))).outcome).to.equal("accepted");
  });

  it("finds its commands in the log when an append's answer was lost", async () => {
    const owner = await PartitionOwner.take({ ...parts, log: losingAnswers(log, 1) });
    const outcomes = await Promise.all([
      owner.submit(start("portfolios")),
      owner.submit(start("ticks")),
    ]);
    expect(outcomes.map((one) => accepted(one).repeated)).to.deep.equal([true, true]);
    const events = await eventCount(log);
    expect(events).to.equal(4);
    expect((await owner.submit(start("third"))).outcome).to.equal("accepted");
  });

  it("decides anew when an append failed and left nothing", async () => {
    const owner = await PartitionOwner.take({ ...parts, log: failingAppends(log, 1) });
    const outcome = await owner.submit(start("portfolios"));
    expect(accepted(outcome).repeated).to.equal(false);
    expect(await eventCount(log)).to.equal(2);
  });

  it("tells its observer of states whenever it has folded, and once of every event after", async () => {
    const told: unknown[] = [];
    const observer: OwnerParts["observer"] = {
      ...parts.observer,
      onFolded: ({ states }) => told.push([...states()].map(([id]) => id)),
      onEvents: (events) => told.push(...events.map(({ position }) => position)),
    };
    const before = await PartitionOwner.take(parts);
    await before.submit(start("before"));
    const disturbedLog = losingAnswers(log, 1);
    const owner = await PartitionOwner.take({ ...parts, observer, log: disturbedLog });
    await owner.submit(start("lost"));
    await owner.submit(start("after"));
    const end = (await log.ends("operations.events"))[0] as number;
    expect(told).to.deep.equal([["before"], ["before", "lost"], end - 2, end - 1]);
  });

  it("answers OVERLOADED when more bytes of commands wait than may, and serves the others", async () => {
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const slow = disturbed(log, 1, async (append) => {
      begun.resolve();
      await released.promise;
      return append();
    });
    const owner = await PartitionOwner.take({ ...parts, log: slow });
    const first = owner.submit(start("portfolios"));
    await begun.promise;
    const large = { generation: 1, reason: "x".repeat(1024 * 1024) };
    const commands = Array.from({ length: 40 }, () => {
      const command = { type: "RetireGeneration", data: large };
      return owner.submit({ ...start("nobody"), command });
    });
    expect(owner.waiting).to.equal(31);
    released.resolve();
    const codes = (await Promise.all(commands)).map((one) => "code" in one && one.code);
    expect(codes.filter((code) => code === "NOT_FOUND")).to.have.lengthOf(31);
    expect(codes.slice(31)).to.deep.equal(Array(9).fill("OVERLOADED"));
    expect((await first).outcome).to.equal("accepted");
    expect((await owner.submit(start("ticks"))).outcome).to.equal("accepted");
  });

  it("answers DISK_FULL, keeps what was acknowledged, and goes on when there is room", async () => {
    let nowMs = 1_000_000;
    const owner = await PartitionOwner.take({ ...parts, clock: () => nowMs });
    log.limitPages(1);
    const acknowledged: Accepted[] = [];
    for (let i = 0; ; i += 1) {
      const outcome = await owner.submit(start(`projection-${i}`));
      if (outcome.outcome !== "accepted") {
        expect(outcome).to.include({ code: "DISK_FULL" });
        break;
      }
      acknowledged.push(outcome);
    }
    expect(await owner.submit(start("during"))).to.include({ code: "DISK_FULL" });
    log.limitPages(1_000_000);
    nowMs += 10_000;
    expect((await owner.submit(start("after"))).outcome).to.equal("accepted");
    expect(await eventCount(log)).to.equal((acknowledged.length + 1) * 2);
  });
});
