import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { PartitionKey } from "../../platform/log/log.ts";
import { SqliteReadStore } from "../stores/sqlite/store.ts";
import { Pace } from "./pace.ts";
import type { Applied } from "./partition-feeder.ts";
import type { Trouble } from "./persist.ts";
import type { Progress } from "./progress.ts";
import type { Row } from "./projection.ts";
import {
  counters,
  FailingStore,
  MemoryLog,
  memoryCodec,
  TOPIC,
  UNDECODABLE,
  UNPROJECTABLE,
  UNWRITABLE,
} from "./runner.fixture.ts";
import { type RunEnd, type RunnerParts, run } from "./runner.ts";

const PARTITION: PartitionKey = `${TOPIC}/0`;

/** What a run has told, and how to wait for and end it. */
interface Running {
  readonly applied: Applied[];
  readonly troubles: (Trouble | null)[];
  readonly end: Promise<RunEnd>;
  /** Resolves when the runner has reached the end of the log for the first time. */
  readonly caughtUp: Promise<Progress>;
  stop(): Promise<RunEnd>;
}

describe("the runner", () => {
  let folder: string;
  let log: MemoryLog;
  let store: FailingStore;
  const running: Running[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-runner-"));
    log = new MemoryLog();
    store = openStore();
    memoryCodec.failPrepares = 0;
  });

  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  function openStore(): FailingStore {
    const file = join(folder, "counters.g1.db");
    return new FailingStore(new SqliteReadStore({ file, projection: counters }));
  }

  function start(more: Partial<RunnerParts> = {}): Running {
    const applied: Applied[] = [];
    const troubles: (Trouble | null)[] = [];
    const stopping = new AbortController();
    let end: Promise<RunEnd> = Promise.resolve({ reason: "stopped", detail: "" });
    const caughtUp = new Promise<Progress>((onCaughtUp) => {
      const observer = {
        onCaughtUp,
        onApplied: (one: Applied) => applied.push(one),
        onTrouble: (_: PartitionKey | null, trouble: Trouble | null) => troubles.push(trouble),
      };
      const parts = { projection: counters, store, log, codec: memoryCodec, observer };
      end = run({ ...parts, signal: stopping.signal, ...more });
    });
    const stop = () => {
      stopping.abort();
      return end;
    };
    const one = { applied, troubles, end, caughtUp, stop };
    running.push(one);
    return one;
  }

  async function rows(table: "counters" | "history"): Promise<Row[]> {
    const found = await Array.fromAsync(store.rows(table));
    return found.map(({ row }) => row);
  }

  async function values(): Promise<Record<string, unknown>> {
    return Object.fromEntries(
      (await rows("counters")).map(({ counter, value }) => [counter, value]),
    );
  }

  async function checkpoint() {
    return (await store.checkpoints()).get(PARTITION);
  }

  it("applies what is in the log, tells that it has caught up, and goes on with what comes", async () => {
    for (let value = 1; value <= 2_000; value += 1) log.count(`c-${value % 7}`, value);
    const one = start();
    const progress = await one.caughtUp;
    expect(progress.partitions[0]).to.include({ position: 2_002, end: 2_002, events: 2_000 });
    expect(await rows("history")).to.have.length(2_000);
    log.count("late", 42);
    await until(async () => (await values()).late === 42);
    expect((await one.stop()).reason).to.equal("stopped");
  });

  it("wakes up when the log grows, not when a timer says so", async () => {
    await start().caughtUp;
    const startedMs = performance.now();
    log.count("a", 1);
    await until(async () => (await values()).a === 1);
    // The timer would take a second.
    expect(performance.now() - startedMs).to.be.below(800);
  });

  it("rests after each batch of a backlog as its pace wants, and never where it keeps up", async () => {
    for (let value = 1; value <= 2_000; value += 1) log.count("a", value);
    const pace = new CountingPace();
    pace.share = 0.9;
    await start({ pace }).caughtUp;
    const rests = pace.rests;
    expect(rests).to.be.above(1);
    for (let value = 1; value <= 20; value += 1) {
      log.count("late", value);
      await until(async () => (await values()).late === value);
    }
    expect(pace.rests).to.equal(rests);
  });

  it("writes short batches below full speed only where a long one holds up others", async () => {
    for (let value = 1; value <= 3_000; value += 1) log.count("a", value);
    const largest = new Map<string, number>();
    for (const longBatches of ["always", "builds"] as const) {
      await store.drop();
      store.applied.length = 0;
      Object.assign(store, { longBatches, slowMs: 100 });
      const pace = new Pace();
      pace.share = 0.99;
      await start({ pace, isBuild: true }).caughtUp;
      const sizes = store.applied.map(({ expected, next }) => next - expected);
      largest.set(longBatches, Math.max(...sizes));
      await running.at(-1)?.stop();
    }
    expect(largest.get("always")).to.be.above(1_000);
    expect(largest.get("builds")).to.equal(512);
  });

  it("goes on from its checkpoint after a restart", async () => {
    for (let value = 1; value <= 100; value += 1) log.count("a", value);
    const before = start();
    await before.caughtUp;
    await before.stop();
    log.count("a", 101);
    const after = start();
    await after.caughtUp;
    expect(after.applied.map(({ events }) => events)).to.deep.equal([1]);
    expect(await values()).to.deep.equal({ a: 101 });
  });

  it("writes no more at once than the store wants, but one event whole", async () => {
    for (let value = 1; value <= 60; value += 1) log.count(`c-${value % 7}`, value);
    for (const changesAtOnce of [10, 1]) {
      await store.drop();
      store.applied.length = 0;
      store.changesAtOnce = changesAtOnce;
      await start().caughtUp;
      const sizes = store.applied.map(({ changes }) => changes.length);
      expect(Math.max(...sizes)).to.equal(Math.max(changesAtOnce, 2));
      expect(await rows("history")).to.have.length(60);
      await running.at(-1)?.stop();
    }
  });

  it("moves the checkpoint over control records, and keeps the highest claim", async () => {
    log.claim();
    await start().caughtUp;
    expect(await checkpoint()).to.include({ next: 3, highestClaim: 2 });
  });

  it("drops and counts events written after their owner's reign, also across batches", async () => {
    log.count("a", 1);
    const claim = log.claim();
    log.count("a", 666, { epoch: 1 });
    log.count("b", 2, { epoch: claim });
    const one = start();
    const progress = await one.caughtUp;
    expect(progress.partitions[0]).to.include({ events: 2, voidEvents: 1 });
    expect(await values()).to.deep.equal({ a: 1, b: 2 });
    await one.stop();
    log.count("a", 667, { epoch: 1 });
    const again = start();
    expect((await again.caughtUp).partitions[0]).to.include({ events: 0, voidEvents: 1 });
    expect(await values()).to.deep.equal({ a: 1, b: 2 });
  });

  it("feeds every partition by its own checkpoint", async () => {
    log = new MemoryLog(3);
    for (let i = 0; i < 30; i += 1) log.count(`c-${i}`, i, { partition: i % 3 });
    await start().caughtUp;
    const nexts = [...(await store.checkpoints())].map(([, { next }]) => next);
    expect(nexts).to.deep.equal([12, 12, 12]);
    expect(await rows("counters")).to.have.length(30);
  });

  describe("when something it needs is away", () => {
    it("waits for the log, and says so until it answers", async () => {
      log.failReads = 3;
      log.count("a", 1);
      const one = start();
      await one.caughtUp;
      expect(one.troubles.map((trouble) => trouble?.attempts ?? null)).to.deep.equal([
        1,
        2,
        3,
        null,
      ]);
      expect(await values()).to.deep.equal({ a: 1 });
    });

    it("waits for the schema registry", async () => {
      memoryCodec.failPrepares = 2;
      log.count("a", 1);
      await start().caughtUp;
      expect(await values()).to.deep.equal({ a: 1 });
    });

    it("waits for the store, parks nothing and loses nothing", async () => {
      store.failBefore = 3;
      log.count("a", 1);
      await start().caughtUp;
      expect(await values()).to.deep.equal({ a: 1 });
      expect((await checkpoint())?.parked).to.deep.equal([]);
    });

    it("doubles nothing and loses nothing when only the answer was lost", async () => {
      for (let value = 1; value <= 50; value += 1) log.count("a", value);
      store.failAfter = 2;
      await start().caughtUp;
      log.count("a", 51);
      await until(async () => (await values()).a === 51);
      const applied = store.applied.map(({ expected, next }) => [expected, next]);
      expect(applied).to.deep.equal([
        [0, 52],
        [52, 53],
      ]);
      expect(await rows("history")).to.have.length(51);
    });

    it("loses nothing when an answer is lost while it looks for a bad event", async () => {
      for (let value = 1; value <= 20; value += 1) log.count("a", value);
      log.count("bad", UNWRITABLE);
      for (let value = 21; value <= 40; value += 1) log.count("a", value);
      store.failAfter = 1;
      await start().caughtUp;
      expect(await rows("history")).to.have.length(40);
      expect((await checkpoint())?.parked).to.have.length(1);
    });

    it("stops when another has taken over while an answer was lost", async () => {
      log.count("a", 1);
      store.failAfter = 1;
      const checkpoints = store.checkpoints;
      store.checkpoints = async () => {
        const all = [...(await checkpoints())];
        return new Map(all.map(([key, one]) => [key, { ...one, epoch: one.epoch + 1 }]));
      };
      expect((await start().end).reason).to.equal("fenced");
    });

    it("can be stopped while it waits", async () => {
      store.failBefore = Number.POSITIVE_INFINITY;
      log.count("a", 1);
      const one = start();
      await until(async () => one.troubles.length > 1);
      expect((await one.stop()).reason).to.equal("stopped");
      expect(one.troubles.at(-1), "it waits no more").to.equal(null);
    });
  });

  describe("when an event cannot be applied", () => {
    const faults = {
      decoded: { value: UNDECODABLE, reason: "cannot be decoded" },
      projected: { value: UNPROJECTABLE, reason: "the projection cannot do this" },
      written: { value: UNWRITABLE, reason: "counters.value (integer) cannot hold 0.5" },
    };
    for (const [step, { value, reason }] of Object.entries(faults)) {
      it(`parks its stream from there on, and nothing else: not ${step}`, async () => {
        for (let i = 1; i <= 40; i += 1) log.count(`good-${i % 3}`, i);
        log.count("bad", 7);
        const position = log.count("bad", value);
        log.count("bad", 8);
        for (let i = 41; i <= 80; i += 1) log.count(`good-${i % 3}`, i);
        expect((await start().caughtUp).parkedStreams).to.equal(1);
        const parked = { stream: "bad", position, sequence: 2, reason };
        expect(await checkpoint()).to.deep.include({ next: 85, parked: [parked] });
        const expected = { "good-0": 78, "good-1": 79, "good-2": 80, bad: 7 };
        expect(await values()).to.deep.equal(expected);
        expect(await rows("history")).to.have.length(81);
      });
    }

    it("skips the parked stream after a restart too", async () => {
      log.count("bad", UNPROJECTABLE);
      const before = start();
      await before.caughtUp;
      await before.stop();
      log.count("bad", 5);
      log.count("good", 6);
      const after = start();
      const progress = await after.caughtUp;
      expect(progress.parkedStreams).to.equal(1);
      expect(await values()).to.deep.equal({ good: 6 });
    });

    it("parks several streams of one batch, each at its own event", async () => {
      const positions = ["x", "y", "z"].map((counter) => {
        log.count(counter, 1);
        return log.count(counter, UNWRITABLE);
      });
      await start().caughtUp;
      const parked = (await checkpoint())?.parked ?? [];
      expect(parked.map(({ stream, position }) => [stream, position])).to.deep.equal([
        ["x", positions[0]],
        ["y", positions[1]],
        ["z", positions[2]],
      ]);
      expect(await values()).to.deep.equal({ x: 1, y: 1, z: 1 });
    });

    it("stops rather than park the world", async () => {
      for (let i = 0; i < 5; i += 1) log.count(`bad-${i}`, UNPROJECTABLE);
      const end = await start({ parkedStreamsLimit: 4 }).end;
      expect(end.reason).to.equal("too_many_parked");
      expect(end.detail).to.include("the projection cannot do this");
      expect((await checkpoint())?.parked).to.deep.equal([]);
    });

    it("counts streams parked before towards the limit", async () => {
      for (let i = 0; i < 3; i += 1) log.count(`bad-${i}`, UNPROJECTABLE);
      const before = start({ parkedStreamsLimit: 4 });
      await before.caughtUp;
      await before.stop();
      log.count("bad-3", UNPROJECTABLE);
      log.count("bad-4", UNPROJECTABLE);
      expect((await start({ parkedStreamsLimit: 4 }).end).reason).to.equal("too_many_parked");
    });
  });

  it("stops when another projector has taken its partition", async () => {
    const one = start();
    await one.caughtUp;
    await store.take(PARTITION, log.id);
    log.count("a", 1);
    expect((await one.end).reason).to.equal("fenced");
    expect(await values()).to.deep.equal({});
  });

  it("refuses a read model of another log by name", async () => {
    const one = start();
    await one.caughtUp;
    await one.stop();
    log = new MemoryLog(1, "log-2");
    const end = await start().end;
    expect(end.reason).to.equal("failed");
    expect(end.detail).to.include("log-1").and.include("log-2");
  });

  it("refuses a file that another version has built", async () => {
    const one = start();
    await one.caughtUp;
    await one.stop();
    await store.close();
    const file = join(folder, "counters.g1.db");
    const newer = { ...counters, version: 2 };
    const end = await start({ store: new SqliteReadStore({ file, projection: newer }) }).end;
    expect(end.reason).to.equal("failed");
    expect(end.detail).to.include("counters 2");
  });
});

class CountingPace extends Pace {
  rests = 0;

  override rest(workedMs: number, signal: AbortSignal): Promise<void> {
    this.rests += 1;
    return super.rest(workedMs, signal);
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("it did not happen within 5 s");
    await sleep(2);
  }
}
