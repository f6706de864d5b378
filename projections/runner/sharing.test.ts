import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import type { PartitionKey } from "../../platform/log/log.ts";
import { SqliteReadStore } from "../stores/sqlite/store.ts";
import { HeldPartitions } from "./held-partitions.ts";
import type { Progress } from "./progress.ts";
import { counters, MemoryLog, memoryCodec, TOPIC } from "./runner.fixture.ts";
import { type RunEnd, run } from "./runner.ts";
import type { Share } from "./share.ts";

const PARTITIONS = 3;
const ALL = Array.from({ length: PARTITIONS }, (_, i): PartitionKey => `${TOPIC}/${i}`);
const HAPPENS_WITHIN_MS = 10_000;

/** A projector whose share the test decides, as a group would. */
interface Sharer {
  readonly partitions: HeldPartitions;
  /** Events applied by this one. */
  readonly applied: Map<PartitionKey, number>;
  readonly end: Promise<RunEnd>;
  progress: Progress | null;
  caughtUp: boolean;
  stop(): Promise<RunEnd>;
}

describe("projectors that share the partitions of a generation", () => {
  let folder: string;
  let log: MemoryLog;
  let store: SqliteReadStore;
  let appended = 0;
  const sharers: Sharer[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-sharing-"));
    log = new MemoryLog(PARTITIONS);
    store = openStore();
    await store.create();
    appended = 0;
  });

  afterEach(end);

  async function end(): Promise<void> {
    for (const one of sharers.splice(0)) expect((await one.stop()).reason).to.equal("stopped");
    await store.close();
    rmSync(folder, { recursive: true });
  }

  function openStore(): SqliteReadStore {
    return new SqliteReadStore({ file: join(folder, "counters.g1.db"), projection: counters });
  }

  function start(): Sharer {
    const partitions = new HeldPartitions();
    const share: Share = {
      join: async () => undefined,
      held: (partition, signal) => partitions.held(partition, signal),
      confirmed: (signal) => partitions.confirmed(signal),
      leave: async () => undefined,
    };
    const own = openStore();
    const stopping = new AbortController();
    const applied = new Map<PartitionKey, number>();
    const observer = {
      onApplied: ({ partition, events }: { partition: PartitionKey; events: number }) => {
        applied.set(partition, (applied.get(partition) ?? 0) + events);
      },
      onProgress: (progress: Progress) => {
        one.progress = progress;
      },
      onCaughtUp: () => {
        one.caughtUp = true;
      },
    };
    const parts = { projection: counters, store: own, log, codec: memoryCodec, share, observer };
    const ended = run({ ...parts, signal: stopping.signal }).finally(() => own.close());
    const one: Sharer = {
      ...{ partitions, applied, end: ended, progress: null, caughtUp: false },
      stop: () => {
        stopping.abort();
        return ended;
      },
    };
    sharers.push(one);
    return one;
  }

  function grow(events: number): void {
    for (let i = 0; i < events; i += 1) {
      appended += 1;
      log.count(`c-${appended % 7}`, appended, { partition: appended % PARTITIONS });
    }
  }

  async function untilFed(): Promise<void> {
    const ends = await log.ends();
    await until(async () => {
      const checkpoints = await store.checkpoints();
      return ends.every((one, i) => checkpoints.get(ALL[i] as PartitionKey)?.next === one);
    });
  }

  /** Immutable rows, one per event: a lost one is missing, and a double one has a foreign number. */
  async function expectEachEventOnce(): Promise<void> {
    const rows = await Array.fromAsync(store.rows("history"));
    const values = rows.map(({ row }) => Number(row.value)).toSorted((a, b) => a - b);
    expect(values).to.deep.equal(Array.from({ length: appended }, (_, i) => i + 1));
    const sum = [...sharers].flatMap(({ applied }) => [...applied.values()]);
    expect(sum.reduce((all, one) => all + one, 0)).to.equal(appended);
  }

  it("apply what was given to each, and know from the store how far the others are", async () => {
    const [one, other] = [start(), start()];
    one.partitions.told(new Set(ALL.slice(0, 2)));
    grow(300);
    await until(async () => (one.applied.get(`${TOPIC}/1`) ?? 0) === 100);
    await sleep(50);
    expect(one.caughtUp).to.equal(false);
    expect(other.applied.size).to.equal(0);
    other.partitions.told(new Set(ALL.slice(2)));
    await untilFed();
    await until(async () => one.caughtUp && other.caughtUp);
    expect([...one.applied.keys()].toSorted()).to.deep.equal(ALL.slice(0, 2));
    expect([...other.applied]).to.deep.equal([[ALL[2], 100]]);
    const fedHere = other.progress?.partitions.map(({ isFedHere }) => isFedHere);
    expect(fedHere).to.deep.equal([false, false, true]);
    expect(other.progress?.positions).to.deep.equal(one.progress?.positions);
    await expectEachEventOnce();
  });

  it("go on where the one before has left off, once that has lost a partition", async () => {
    const [one, other] = [start(), start()];
    one.partitions.told(new Set(ALL));
    grow(90);
    await untilFed();
    one.partitions.told(new Set(ALL.slice(0, 1)));
    other.partitions.told(new Set(ALL.slice(1)));
    grow(90);
    await untilFed();
    expect([...other.applied]).to.have.deep.members([
      [ALL[1], 30],
      [ALL[2], 30],
    ]);
    expect(one.applied.get(ALL[0] as PartitionKey)).to.equal(60);
    await expectEachEventOnce();
  });

  it("take a partition back from another only when the group has said again that it is theirs", async () => {
    const one = start();
    one.partitions.told(new Set(ALL));
    grow(30);
    await untilFed();
    const [partition] = ALL as [PartitionKey];
    const epoch = async () => (await store.checkpoints()).get(partition)?.epoch;
    await store.take(partition, log.id);
    expect(await epoch()).to.equal(2);
    grow(30);
    await until(async () => one.applied.get(ALL[1] as PartitionKey) === 20);
    await sleep(50);
    one.partitions.told(new Set(ALL));
    await sleep(50);
    expect(await epoch()).to.equal(2);
    one.partitions.told(new Set(ALL));
    await untilFed();
    expect(await epoch()).to.equal(3);
    await expectEachEventOnce();
  });

  it("lose and double nothing, however shares wander and overlap", async () => {
    const shares = fc.array(fc.subarray(ALL), { minLength: 2, maxLength: 2 });
    const property = fc.asyncProperty(fc.array(shares, { maxLength: 8 }), async (wanderings) => {
      const [one, other] = [start(), start()];
      for (const [mine = [], theirs = []] of wanderings) {
        grow(40);
        for (let i = 0; i < 4; i += 1) {
          await sleep(1);
          one.partitions.told(new Set(mine));
          other.partitions.told(new Set(theirs));
        }
      }
      const beating = setInterval(() => {
        one.partitions.told(new Set(ALL.slice(0, 1)));
        other.partitions.told(new Set(ALL.slice(1)));
      }, 5);
      await untilFed();
      clearInterval(beating);
      await expectEachEventOnce();
    });
    const next = async () => {
      await end();
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-sharing-"));
      log = new MemoryLog(PARTITIONS);
      store = openStore();
      await store.create();
      appended = 0;
    };
    await fc.assert(property.beforeEach(next), { numRuns: 12 });
  }).timeout(60_000);

  it("write nothing into what is no longer theirs, and take it again when it is", async () => {
    const one = start();
    one.partitions.told(new Set(ALL));
    grow(3);
    await untilFed();
    one.partitions.told(new Set());
    grow(3);
    await sleep(50);
    expect([...one.applied.values()]).to.deep.equal([1, 1, 1]);
    one.partitions.told(new Set(ALL));
    await untilFed();
    await expectEachEventOnce();
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HAPPENS_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("it did not happen in time");
    await sleep(2);
  }
}
