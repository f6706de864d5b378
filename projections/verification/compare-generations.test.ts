import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Gates } from "../runner/gate.ts";
import type { Batch } from "../runner/read-store.ts";
import { counters, MemoryLog, memoryCodec, UNPROJECTABLE } from "../runner/runner.fixture.ts";
import { run } from "../runner/runner.ts";
import { SqliteReadStore } from "../stores/sqlite/store.ts";
import {
  type Comparison,
  type ComparisonParts,
  compareGenerations,
} from "./compare-generations.ts";
import { comparedTables } from "./compared-tables.ts";

const PARTITIONS = 2;
const COUNTERS = 40;
const LOAD_MS = 1_500;
const SLOW_MS = 1_100;

type Falsify = (batch: Batch) => Batch | Promise<Batch>;

/** A generation that a runner feeds in this thread. */
interface Fed {
  readonly store: SqliteReadStore;
  readonly gates: Gates;
  readonly file: string;
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

describe("the comparison of two generations", function () {
  this.timeout(60_000);
  let folder: string;
  let log: MemoryLog;
  const fed: Fed[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-verification-"));
    log = new MemoryLog(PARTITIONS);
    for (let i = 0; i < COUNTERS; i += 1) log.count(`c-${i}`, i, { partition: i % PARTITIONS });
  });

  afterEach(async () => {
    for (const one of fed.splice(0)) await one.stop();
    rmSync(folder, { recursive: true });
  });

  /** `falsify` changes what is written, as a defect of the build would. */
  async function feed(name: string, falsify: Falsify = (batch) => batch) {
    const file = join(folder, `${name}.db`);
    const store = new SqliteReadStore({ file, projection: counters });
    const apply = store.apply.bind(store);
    store.apply = async (batch) => apply(await falsify(batch));
    const gates = new Gates();
    const stopping = new AbortController();
    const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
    const parts = { projection: counters, store, log, codec: memoryCodec, gates };
    const observer = { onCaughtUp: () => resolve() };
    const ended = run({ ...parts, observer, signal: stopping.signal });
    const stop = async () => {
      stopping.abort();
      await ended;
      await store.close();
    };
    const one = { store, gates, file, caughtUp, stop };
    fed.push(one);
    await caughtUp;
    return one;
  }

  function compare(live: Fed, built: Fed, more: Partial<ComparisonParts> = {}) {
    return compareGenerations({
      live: live.store,
      built: built.store,
      tables: counters.tables,
      gates: built.gates,
      mayStand: false,
      signal: new AbortController().signal,
      ...more,
    });
  }

  function plant(one: Fed, sql: string): void {
    const database = new DatabaseSync(one.file);
    expect(database.prepare(sql).run().changes).to.equal(1);
    database.close();
  }

  /** Events of few counters, the first of which changes with each, until it is stopped. */
  function load(restMs = 0): () => Promise<void> {
    let isOn = true;
    let value = COUNTERS;
    const flowing = (async () => {
      while (isOn) {
        value += 1;
        log.count("c-0", value, { partition: 0 });
        log.count(`c-${1 + 2 * (value % 5)}`, value, { partition: 1 });
        await (restMs > 0 || value % 20 === 0 ? sleep(Math.max(restMs, 1)) : nextTurn());
      }
    })();
    return async () => {
      isOn = false;
      await flowing;
    };
  }

  /** Has applied what the log has; or does not, because it is held. */
  async function untilApplied({ store }: Fed, patienceMs: number): Promise<void> {
    const deadlineMs = performance.now() + patienceMs;
    const [end] = await log.ends();
    while (performance.now() < deadlineMs) {
      const at = (await store.checkpoints()).get("counters.events/0")?.next ?? 0;
      if (at >= (end ?? 0)) return;
      await sleep(1);
    }
  }

  /** Nobody ever sees the first counter as it was seen on the other side. */
  function restless(one: Fed): ComparisonParts["live"] {
    const disturb = async () => {
      if (one === fed.at(-1)) await sleep(20);
      log.count("c-0", COUNTERS, { partition: 0 });
      await untilApplied(one, 30);
    };
    return {
      checkpoints: () => one.store.checkpoints(),
      async row(...key) {
        await disturb();
        return one.store.row(...key);
      },
      async *rows(...range) {
        await disturb();
        yield* one.store.rows(...range);
      },
    };
  }

  function expectDifference(found: Comparison, rows: number, ...differences: readonly unknown[]) {
    expect(found).to.deep.include({ outcome: "different", differingRows: rows });
    if (found.outcome !== "different") return;
    expect(found.differences).to.deep.equal(differences);
  }

  it("certifies equal ones with positions, digests and counts", async () => {
    const found = await compare(await feed("live"), await feed("built"));
    expect(found).to.deep.include({ outcome: "equal", rechecked: 0, held: 0, beyond: 0 });
    if (found.outcome !== "equal") return;
    expect(found.positions).to.deep.equal({ "counters.events/0": 22, "counters.events/1": 22 });
    expect(found.tables.map(({ table, rows }) => [table, rows])).to.deep.equal([
      ["counters", COUNTERS],
      ["history", COUNTERS],
    ]);
    expect(found.tables[0]?.sum).to.match(/^[0-9a-f]{64}$/);
  });

  it("names a row that is missing in the build", async () => {
    const [live, built] = [await feed("live"), await feed("built")];
    plant(built, "DELETE FROM counters WHERE counter = 'c-7'");
    const row = { table: "counters", key: '["c-7"]', built: null };
    expectDifference(await compare(live, built), 1, {
      ...row,
      live: '{"counter":"c-7","value":7}',
    });
  });

  it("names a row that the build has and the live one has not", async () => {
    const [live, built] = [await feed("live"), await feed("built")];
    plant(
      built,
      "INSERT INTO counters SELECT 'c-77', 1, _partition, _position, _first FROM counters LIMIT 1",
    );
    const row = { table: "counters", key: '["c-77"]', live: null };
    expectDifference(await compare(live, built), 1, {
      ...row,
      built: '{"counter":"c-77","value":1}',
    });
  });

  it("names a row of which one field differs", async () => {
    const [live, built] = [await feed("live"), await feed("built")];
    plant(built, "UPDATE history SET value = 99 WHERE counter = 'c-7'");
    expectDifference(await compare(live, built), 1, {
      table: "history",
      key: '["c-7",1]',
      live: '{"counter":"c-7","sequence":1,"value":7}',
      built: '{"counter":"c-7","sequence":1,"value":99}',
    });
  });

  it("finds a deletion that only one of them has seen, either way round", async () => {
    const [live, built] = [await feed("live"), await feed("built")];
    plant(live, "DELETE FROM history WHERE counter = 'c-9'");
    plant(built, "DELETE FROM history WHERE counter = 'c-8'");
    const found = await compare(live, built);
    expect(found).to.deep.include({ outcome: "different", differingRows: 2 });
  });

  it("never takes two with different parked streams for equal, though all rows are", async () => {
    const live = await feed("live");
    const built = await feed("built", (batch) => ({
      ...batch,
      parked: batch.next > 5 && batch.partition.endsWith("/0") ? [PARKED] : batch.parked,
    }));
    const found = await compare(live, built);
    expect(found).to.deep.include({ outcome: "different", differingRows: 0 });
    expect(found).to.have.property("reason").that.includes("c-none");
  });

  it("certifies two with the same parked streams, and lists these", async () => {
    const at = log.count("c-3", UNPROJECTABLE, { partition: 1 });
    const found = await compare(await feed("live"), await feed("built"));
    expect(found).to.have.deep.property("parkedStreams", [`c-3 at counters.events/1@${at}`]);
  });

  it("says nothing where a parked stream is released in the middle", async () => {
    log.count("c-3", UNPROJECTABLE, { partition: 1 });
    const [live, built] = [await feed("live"), await feed("built")];
    const stores = {
      live: {
        checkpoints: () => live.store.checkpoints(),
        row: (...key: Parameters<SqliteReadStore["row"]>) => live.store.row(...key),
        async *rows(...range: Parameters<SqliteReadStore["rows"]>) {
          yield* live.store.rows(...range);
          await released(live, "c-3");
        },
      },
    };
    expect(await compare(live, built, stores)).to.include({ outcome: "unsettled" });
    const found = await compare(live, built);
    expect(found).to.have.property("reason").that.includes("in the build alone");
  });

  async function released({ store }: Fed, stream: string): Promise<void> {
    for (const [partition, one] of await store.checkpoints()) {
      if (!one.parked.some((parked) => parked.stream === stream)) continue;
      const { next, epoch, highestClaim, recordedAtMs, causes } = one;
      const stays = { partition, expected: next, next, epoch, highestClaim, recordedAtMs, causes };
      await store.apply({ ...stays, changes: [], parked: [], released: [stream] });
    }
  }

  it("shows the first rows of each table, and counts the others", async () => {
    const [live, built] = [await feed("live"), await feed("built", nothing)];
    const found = await compare(live, built);
    expect(found).to.deep.include({ outcome: "different", differingRows: 2 * COUNTERS });
    if (found.outcome !== "different") return;
    expect(found.differences).to.have.length(10);
  });

  it("refuses generations of different logs", async () => {
    const live = await feed("live");
    log = new MemoryLog(PARTITIONS, "log-2");
    const failed = await compare(live, await feed("built")).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error).with.property("message").that.includes("log-2");
  });

  it("leaves out what is declared to differ, and nothing else", async () => {
    const [live, built] = [await feed("live"), await feed("built")];
    plant(built, "UPDATE history SET value = 99 WHERE counter = 'c-7'");
    for (const declared of [["history"], ["history.value"]]) {
      const tables = comparedTables(counters.tables, declared);
      const projection = { ...counters, tables };
      const of = ({ file }: Fed) => new SqliteReadStore({ file, projection });
      const stores = { live: of(live), built: of(built) };
      expect(await compare(live, built, { ...stores, tables })).to.include({ outcome: "equal" });
      await stores.live.close();
      await stores.built.close();
    }
    for (const unknown of ["nothing", "history.counter", "history.none"]) {
      expect(() => comparedTables(counters.tables, [unknown])).to.throw(RangeError, unknown);
    }
  });

  it("compares while both are fed, a row that changes all the time included", async () => {
    const stop = load();
    const [live, built] = [await feed("live"), await feed("built")];
    const untilMs = performance.now() + LOAD_MS;
    let rechecked = 0;
    while (performance.now() < untilMs || rechecked === 0) {
      const found = await compare(live, built);
      expect(found).to.include({ outcome: "equal" });
      if (found.outcome === "equal") rechecked += found.rechecked;
    }
    await stop();
  });

  it("comes to an end where servers are slow, and the live one is seconds behind", async () => {
    let isSlow = false;
    const live = await feed("live", async (batch) => {
      if (isSlow) await sleep(SLOW_MS);
      return batch;
    });
    const built = await feed("built");
    const slowly = ({ store }: Fed): ComparisonParts["live"] => ({
      checkpoints: () => store.checkpoints(),
      async row(...key) {
        await sleep(SLOW_MS);
        return store.row(...key);
      },
      async *rows(...range) {
        await sleep(SLOW_MS);
        yield* store.rows(...range);
      },
    });
    isSlow = true;
    const stop = load(50);
    try {
      const stores = { live: slowly(live), built: slowly(built) };
      const tables = comparedTables(counters.tables, ["history"]);
      const found = await compare(live, built, { ...stores, tables });
      expect(found).to.include({ outcome: "equal" });
    } finally {
      isSlow = false;
      await stop();
    }
  });

  it("holds the build alone for a row that would not settle", async () => {
    const [live, built] = [await feed("live"), await feed("built")];
    const stores = { live: restless(live), built: restless(built) };
    expect(await compare(live, built, stores)).to.include({ outcome: "equal", held: 1 });
    plant(built, "UPDATE counters SET value = 99 WHERE counter = 'c-7'");
    expectDifference(await compare(live, built, stores), 1, {
      table: "counters",
      key: '["c-7"]',
      live: '{"counter":"c-7","value":7}',
      built: '{"counter":"c-7","value":99}',
    });
  });

  it("finds what is wrong in rows that change all the time", async () => {
    const stop = load();
    const live = await feed("live");
    const built = await feed("built", (batch) => ({
      ...batch,
      changes: batch.changes.map((change) => {
        const isHot = change.table === "counters" && change.row["counter"] === "c-0";
        return isHot ? { ...change, row: { ...change.row, value: -7 } } : change;
      }),
    }));
    const found = await compare(live, built);
    await stop();
    expect(found).to.deep.include({ outcome: "different", differingRows: 1 });
    expect(found).to.have.property("differences").with.nested.property("[0].key", '["c-0"]');
  });

  it("counts what is newer than a live one that nobody feeds any more, and compares the rest", async () => {
    const live = await feed("live");
    await live.stop();
    log.count("c-1", 100, { partition: 1 });
    const built = await feed("built");
    const found = await compare(live, built, { mayStand: true });
    // The counter's own row, and one of its history.
    expect(found).to.deep.include({ outcome: "equal", beyond: 2 });
    // It may have gone since; nobody can know.
    plant(built, "DELETE FROM counters WHERE counter = 'c-5'");
    expectDifference(await compare(live, built, { mayStand: true }), 1, {
      table: "counters",
      key: '["c-5"]',
      live: '{"counter":"c-5","value":5}',
      built: null,
    });
  });
});

const PARKED = { stream: "c-none", position: 3, sequence: 1, reason: "a test" };

function nothing(batch: Batch): Batch {
  return { ...batch, changes: [] };
}
