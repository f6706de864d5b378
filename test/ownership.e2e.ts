import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { v4 as uuid } from "uuid";
import { projection } from "../command-side/contexts/operations/projection/index.ts";
import type { Accepted, CommandOutcome, CommandRequest } from "../command-side/gateway.ts";
import { type OwnerParts, PartitionOwner } from "../command-side/ownership/partition-owner.ts";
import { openCodec } from "../platform/codec/codec.ts";
import type { SchemaRegistry } from "../platform/codec/registry.ts";
import { openSqliteRegistry } from "../platform/codec/sqlite-registry.ts";
import type { Log } from "../platform/log/log.ts";
import { openSqliteLog, type SqliteLog } from "../platform/log/sqlite/sqlite-log.ts";

const partition = { topic: "operations.events", partition: 0 };
const topics = [{ topic: "operations.events", context: "operations", partitions: 1 }];

describe("the owner of a partition", () => {
  let folder: string;
  let log: SqliteLog;
  let registry: SchemaRegistry;
  let parts: OwnerParts;
  let appends: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-owner-"));
    registry = openSqliteRegistry({ folder });
    const codec = await openCodec({ registry, topics });
    log = await openSqliteLog({ folder, topics, encodeLogCreated: codec.encodeLogCreated });
    appends = 0;
    parts = {
      log,
      codec,
      partition,
      aggregate: projection,
      owner: "test",
      clock: Date.now,
      observer: { onEvents: () => {}, onVoidEvent: () => {}, onAppend: () => (appends += 1) },
    };
  });

  afterEach(async () => {
    await log.close();
    await registry.close();
    rmSync(folder, { recursive: true });
  });

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

  it("gives up serving when the log keeps failing, and answers everybody", async () => {
    const owner = await PartitionOwner.take({ ...parts, log: failingAppends(log, 1_000) });
    const outcomes = await Promise.all(["a", "b"].map((id) => owner.submit(start(id))));
    for (const outcome of outcomes) expect(outcome).to.include({ code: "NOT_OWNER" });
    expect(await eventCount(log)).to.equal(0);
  });

  it("answers everybody when the fold after a full disk fails, and serves no more", async () => {
    let isBroken = false;
    const owner = await PartitionOwner.take({
      ...parts,
      log: {
        ...disturbed(log, 1, async () => {
          isBroken = true;
          return { outcome: "disk_full" };
        }),
        read: (ref, from, limits) => {
          return isBroken ? Promise.reject(new Error("no reading")) : log.read(ref, from, limits);
        },
      },
    });
    expect(await owner.submit(start("a"))).to.include({ code: "DISK_FULL" });
    expect(await owner.submit(start("b"))).to.include({ code: "NOT_OWNER" });
  });

  it("tells its observer of every event once, whatever is folded again", async () => {
    const told: number[] = [];
    const onEvents: OwnerParts["observer"]["onEvents"] = (events) => {
      told.push(...events.map(({ position }) => position));
    };
    const observer = { ...parts.observer, onEvents };
    const before = await PartitionOwner.take(parts);
    await before.submit(start("before"));
    const disturbedLog = losingAnswers(log, 1);
    const owner = await PartitionOwner.take({ ...parts, observer, log: disturbedLog });
    await owner.submit(start("lost"));
    await owner.submit(start("after"));
    expect(told).to.deep.equal([...new Set(told)]);
    expect(told).to.have.lengthOf(6);
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

function start(aggregateId: string): CommandRequest {
  return {
    aggregate: "projection",
    aggregateId,
    command: { type: "StartGeneration", data: { version: 1, reason: "test" } },
    commandId: uuid(),
    expectedVersion: null,
    actor: "test",
    correlationId: uuid(),
    causationId: null,
    causationPosition: null,
    traceparent: null,
  };
}

function accepted(outcome: CommandOutcome | undefined): Accepted {
  if (outcome?.outcome === "accepted") return outcome;
  throw new Error(`expected an accepted command: ${JSON.stringify(outcome)}`);
}

async function eventCount(log: Log): Promise<number> {
  const limits = { maxRecords: 100_000, maxBytes: 1e9 };
  const records = await log.read(partition, 0, limits);
  return records.filter((record) => !record.key.startsWith("~")).length;
}

/** The real log, whose first appends are carried out and then look failed. */
function losingAnswers(log: SqliteLog, times: number): Log {
  return disturbed(log, times, async (append) => {
    await append();
    throw new Error("the answer was lost");
  });
}

/** The real log, whose first appends fail and leave nothing. */
function failingAppends(log: SqliteLog, times: number): Log {
  return disturbed(log, times, async () => {
    throw new Error("the append failed");
  });
}

function disturbed(
  log: SqliteLog,
  times: number,
  disturb: (append: () => ReturnType<Log["append"]>) => ReturnType<Log["append"]>,
): Log {
  let left = times;
  return {
    topics: () => log.topics(),
    logId: () => log.logId(),
    read: (ref, from, limits) => log.read(ref, from, limits),
    ends: (topic) => log.ends(topic),
    onAppended: (listener) => log.onAppended(listener),
    close: () => log.close(),
    claim: (ref, claim) => log.claim(ref, claim),
    stillReigns: (reign) => log.stillReigns(reign),
    append: (reign, expectedEnd, records) => {
      left -= 1;
      const append = () => log.append(reign, expectedEnd, records);
      return left >= 0 ? disturb(append) : append();
    },
  };
}
