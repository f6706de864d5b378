import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { createRandom } from "../../cli/demo/random.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import { printedSeed } from "../../test/contracts/log/seed.ts";
import { SqliteReadStore } from "../stores/sqlite/store.ts";
import { Parking } from "./parking.ts";
import type { Applied } from "./partition-feeder.ts";
import type { Change, Projection } from "./projection.ts";
import type { StoredRow } from "./read-store.ts";
import {
  type Counted,
  counters,
  FailingStore,
  MemoryLog,
  memoryCodec,
  TOPIC,
  UNWRITABLE,
} from "./runner.fixture.ts";
import { type RunEnd, run } from "./runner.ts";

const PARTITION: PartitionKey = `${TOPIC}/0`;
const SLOTS = 5;
/** Longer than a piece of a release. */
const LONG = 1_300;

/**
 * Counters, and slots that all of them write and empty. It cannot do what is in `broken`, and is
 * mended by taking it out.
 */
function slots(broken: ReadonlySet<number>): Projection<Counted> {
  const { history, counters: own } = counters.tables as Projection["tables"];
  if (history === undefined || own === undefined) throw new Error("the fixture has other tables");
  const slot = {
    key: { slot: "integer" },
    columns: { counter: "text", value: "integer" },
  } as const;
  return {
    ...counters,
    tables: { history, counters: own, slots: slot },
    project(recorded): readonly Change[] {
      if (broken.has(recorded.position)) throw new Error(`broken at ${recorded.position}`);
      const { aggregateId: counter, sequence, event } = recorded;
      const { value } = event.data;
      const place = { table: "slots", row: { slot: value % SLOTS } } as const;
      return [
        { table: "counters", row: { counter, value } },
        { table: "history", row: { counter, sequence, value } },
        value % 3 === 0
          ? { ...place, deleted: true }
          : { table: "slots", row: { ...place.row, counter, value } },
      ];
    },
  };
}

describe("the release of a parked stream", () => {
  let folder: string;
  let log: MemoryLog;
  let stores = 0;
  const opened: FailingStore[] = [];
  const stops: (() => Promise<RunEnd>)[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-releasing-"));
    log = new MemoryLog();
  });

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    for (const store of opened.splice(0)) await store.close();
    rmSync(folder, { recursive: true });
  });

  function newStore(projection: Projection<Counted>): FailingStore {
    stores += 1;
    const file = join(folder, `${stores}.db`);
    const store = new FailingStore(new SqliteReadStore({ file, projection }));
    opened.push(store);
    return store;
  }

  function start(projection: Projection<Counted>, store: FailingStore, parking = new Parking()) {
    const applied: Applied[] = [];
    const stopping = new AbortController();
    const observer = { onApplied: (one: Applied) => applied.push(one) };
    const parts = { projection, store, log, codec: memoryCodec, observer, parking };
    const end = run({ ...parts, signal: stopping.signal });
    const stop = () => {
      stopping.abort();
      return end;
    };
    stops.push(stop);
    return { applied, parking, end, stop };
  }

  async function parked(store: FailingStore) {
    return (await store.checkpoints()).get(PARTITION)?.parked ?? [];
  }

  async function next(store: FailingStore): Promise<number> {
    return (await store.checkpoints()).get(PARTITION)?.next ?? 0;
  }

  async function caughtUp(store: FailingStore): Promise<void> {
    const [end = 0] = await log.ends();
    await until(async () => (await next(store)) === end);
  }

  async function rowsOf(store: FailingStore): Promise<Record<string, StoredRow[]>> {
    const names = ["counters", "history", "slots"];
    const found = names.map(async (name) => [name, await Array.fromAsync(store.rows(name))]);
    return Object.fromEntries(await Promise.all(found));
  }

  /** What a build from zero comes to. */
  async function freshRows(parking = new Parking()): Promise<Record<string, StoredRow[]>> {
    const projection = slots(new Set());
    const store = newStore(projection);
    const one = start(projection, store, parking);
    await caughtUp(store);
    await one.stop();
    return rowsOf(store);
  }

  function order(streams: readonly string[], number = 1, discarded: readonly number[] = []) {
    return {
      releases: streams.map((stream) => ({ partition: PARTITION, stream, order: number })),
      discarded: new Map([[PARTITION, discarded]]),
    };
  }

  /** A built store in which the stream `p` is parked at its second event. */
  async function parkedStore(broken: Set<number>, more = 0) {
    const projection = slots(broken);
    const store = newStore(projection);
    log.count("p", 1);
    broken.add(log.count("p", 2));
    for (let i = 0; i < more; i += 1) {
      log.count("p", i + 3);
      if (i % 2 === 0) log.count("q", i + 10);
    }
    return { projection, store };
  }

  it("comes to the rows of a build from zero, and ends when it is through", async () => {
    const broken = new Set<number>();
    const { projection, store } = await parkedStore(broken, 40);
    const { parking, applied } = start(projection, store);
    await caughtUp(store);
    expect(await parked(store)).to.have.length(1);
    broken.clear();
    parking.give(order(["p"]));
    await until(async () => (await parked(store)).length === 0);
    log.count("p", 77);
    await caughtUp(store);
    expect(await rowsOf(store)).to.deep.equal(await freshRows());
    const released = applied.filter((one) => one.released.length > 0);
    expect(released.map((one) => [one.events, one.orderInVain])).to.deep.equal([[41, null]]);
  });

  it("goes in pieces where it is long, each of which moves where it is parked", async () => {
    const broken = new Set<number>();
    const { projection, store } = await parkedStore(broken, LONG);
    const { parking, applied } = start(projection, store);
    await caughtUp(store);
    broken.clear();
    parking.give(order(["p"]));
    await until(async () => (await parked(store)).length === 0);
    const released = applied.filter((one) => one.released.length > 0);
    expect(released.map(({ events }) => events)).to.deep.equal([500, 500, 301]);
    const places = released.map((one) => one.parked.map(({ sequence }) => sequence));
    expect(places).to.deep.equal([[502], [1_002], []]);
    expect(await rowsOf(store)).to.deep.equal(await freshRows());
  });

  for (const fault of ["projected", "written"] as const) {
    it(`is parked again where an event cannot be ${fault}, and tried once an order`, async () => {
      const broken = new Set<number>();
      const { projection, store } = await parkedStore(broken);
      log.count("p", 3);
      const again = log.count("p", fault === "projected" ? 4 : UNWRITABLE);
      log.count("p", 5);
      const { parking, applied } = start(projection, store);
      await caughtUp(store);
      broken.clear();
      if (fault === "projected") broken.add(again);
      parking.give(order(["p"]));
      await until(async () => (await parked(store))[0]?.position === again);
      const [stream] = await parked(store);
      expect(stream).to.include({ stream: "p", sequence: 4 });
      log.count("q", 1);
      await caughtUp(store);
      const inVain = () => applied.filter(({ orderInVain }) => orderInVain !== null);
      expect(inVain().map(({ orderInVain }) => orderInVain)).to.deep.equal([1]);
      parking.give(order(["p"], 2));
      await until(async () => inVain().length === 2);
      expect(await parked(store)).to.deep.equal([stream]);
    });
  }

  it("leaves out what is discarded, as a build from zero does", async () => {
    const broken = new Set<number>();
    const { projection, store } = await parkedStore(broken, 20);
    const { parking } = start(projection, store);
    await caughtUp(store);
    const discarded = [...broken];
    parking.give(order([], 1, discarded));
    await until(async () => (await parked(store)).length === 0);
    const knowing = new Parking(order([], 1, discarded));
    expect(await rowsOf(store)).to.deep.equal(await freshRows(knowing));
    const { history = [] } = await rowsOf(store);
    expect(history.some(({ row }) => row["sequence"] === 2 && row["counter"] === "p")).to.equal(
      false,
    );
  });

  it("leaves out what was written after its owner's reign, before it was parked or since", async () => {
    const broken = new Set<number>();
    const projection = slots(broken);
    const store = newStore(projection);
    log.count("p", 1);
    const first = log.claim();
    broken.add(log.count("p", 2, { epoch: first }));
    log.count("p", 55, { epoch: 1 });
    const epoch = log.claim();
    log.count("p", 66, { epoch: first });
    log.count("p", 4, { epoch });
    const { parking } = start(projection, store);
    await caughtUp(store);
    broken.clear();
    parking.give(order(["p"]));
    await until(async () => (await parked(store)).length === 0);
    const { counters: rows = [] } = await rowsOf(store);
    expect(rows.map(({ row }) => row["value"])).to.deep.equal([4]);
    const { history = [] } = await rowsOf(store);
    expect(history).to.have.length(3);
  });

  it("stays in order with those that emptied a slot since, and with what is parked beside", async () => {
    const broken = new Set<number>();
    const projection = slots(broken);
    const store = newStore(projection);
    broken.add(log.count("p", 1));
    broken.add(log.count("q", 1));
    log.count("r", 6);
    log.count("q", 11);
    const { parking } = start(projection, store);
    await caughtUp(store);
    broken.clear();
    parking.give(order(["p"]));
    await until(async () => (await parked(store)).length === 1);
    expect((await rowsOf(store))["slots"]).to.deep.equal([]);
    parking.give(order(["q"]));
    await until(async () => (await parked(store)).length === 0);
    expect(await rowsOf(store)).to.deep.equal(await freshRows());
  });

  it("loses and doubles nothing, whatever is appended, lost or stopped meanwhile", async function () {
    this.timeout(120_000);
    const seed = printedSeed();
    const property = fc.asyncProperty(fc.integer(), async (sample) => {
      log = new MemoryLog();
      await releaseAtRandom(sample);
    });
    await fc.assert(property, { seed, numRuns: 15 });
  });

  /** Streams of which some are broken; they are mended and released while others go on. */
  async function releaseAtRandom(sample: number): Promise<void> {
    const random = createRandom(sample);
    const broken = new Set<number>();
    const streams = ["p", "q", "r", "s"];
    const append = (count: number, faulty: number) => {
      for (let i = 0; i < count; i += 1) {
        const stream = streams[random.integer(0, 3)] as string;
        const position = log.count(stream, random.integer(1, 40));
        if (random.integer(0, faulty) === 0) broken.add(position);
      }
    };
    append(random.integer(10, 2_500), 400);
    const projection = slots(broken);
    const store = newStore(projection);
    let one = start(projection, store);
    await caughtUp(store);
    broken.clear();
    one.parking.give(order(streams));
    while ((await parked(store)).length > 0) {
      append(random.integer(0, 60), Number.MAX_SAFE_INTEGER);
      if (random.integer(0, 3) === 0) store.failAfter = 1;
      if (random.integer(0, 3) === 0) store.failBefore = 1;
      await sleep(random.integer(0, 4));
      if (random.integer(0, 2) > 0) continue;
      await one.stop();
      one = start(projection, store, new Parking(order(streams)));
    }
    await caughtUp(store);
    await one.stop();
    expect(await rowsOf(store)).to.deep.equal(await freshRows());
  }
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("it did not happen within 10 s");
    await sleep(2);
  }
}
