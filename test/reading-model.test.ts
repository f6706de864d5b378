import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import type { PartitionKey } from "../platform/log/log.ts";
import { NoLongerOpen } from "../projections/runner/generation-snapshot.ts";
import { openSqliteGeneration } from "../projections/stores/sqlite/reader.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import type { GenerationReader } from "../query-api/reading/generation-reader.ts";
import { ReadModel } from "../query-api/reading/read-model.ts";

const PARTITION: PartitionKey = "portfolio.events/0";
const TOPICS = ["portfolio.events"];
const QUICK = { holdMs: 200, restMs: 0 };

describe("a read model that is handed over", () => {
  it("does not go back behind a token that it has said it has passed", async () => {
    const positions = new Map([
      [1, 10],
      [2, 5],
    ]);
    const open = async (generation: number) => {
      return generationAt(() => positions.get(generation) ?? 0);
    };
    const model = new ReadModel("portfolios", TOPICS, open, QUICK);
    model.promote(1);
    expect(await model.hasPassed(new Map([[PARTITION, 8]]), 0)).to.equal(true);
    model.promote(2);
    const held = await model.read(async () => null);
    expect(held).to.have.property("generation", 1);
    positions.set(2, 10);
    const later = await model.read(async () => null);
    expect(later).to.have.property("generation", 2);
    await model.close();
  });

  it("does not go back behind a query that was under way, and does not wait for its end", async () => {
    const positions = new Map([
      [1, 10],
      [2, 5],
    ]);
    const open = async (generation: number) => {
      return generationAt(() => positions.get(generation) ?? 0);
    };
    const model = new ReadModel("portfolios", TOPICS, open, QUICK);
    model.promote(1);
    const slow = Promise.withResolvers<void>();
    const underWay = model.read(() => slow.promise);
    await Promise.resolve();
    model.promote(2);
    const held = await model.read(async () => null);
    expect(held).to.have.property("generation", 1);
    positions.set(2, 10);
    const later = await model.read(async () => null);
    expect(later).to.have.property("generation", 2);
    slow.resolve();
    expect(await underWay).to.have.property("generation", 1);
    await model.close();
  });

  it("goes over to the promoted one although the one before was dropped meanwhile", async () => {
    let isDropped = false;
    const model = new ReadModel("portfolios", TOPICS, async (generation) => {
      return generationAt(() => {
        if (generation === 1 && isDropped) throw new NoLongerOpen();
        return 10;
      });
    });
    model.promote(1);
    await model.read(async () => null);
    // Nobody asks before the grace of the old one is over.
    model.promote(2);
    isDropped = true;
    expect(await model.read(async () => null)).to.have.property("generation", 2);
    await model.close();
  });

  it("is asked anew where it was dropped before it had answered", async () => {
    const dropped = new Set<number>();
    const positions = new Map([
      [1, 10],
      [2, 5],
    ]);
    const open = async (generation: number) => {
      return generationAt(() => {
        if (dropped.has(generation)) throw new NoLongerOpen();
        return positions.get(generation) ?? 0;
      });
    };
    const model = new ReadModel("portfolios", TOPICS, open, { holdMs: 100, restMs: 60_000 });
    model.promote(1);
    await model.read(async () => null);
    const asked = model.read(async () => {
      if (dropped.has(1)) return null;
      dropped.add(1);
      throw new NoLongerOpen();
    });
    // Its promotion is heard of late, and it is behind what was answered for longer than is held.
    setTimeout(() => model.promote(2), 100);
    setTimeout(() => positions.set(2, 10), 500);
    expect(await asked).to.have.property("generation", 2);
    await model.close();
  });

  it("is held for the one after it once, and then answers without a wait", async () => {
    const open = async (generation: number) => generationAt(() => (generation === 1 ? 10 : 5));
    const model = new ReadModel("portfolios", TOPICS, open, { holdMs: 300, restMs: 60_000 });
    model.promote(1);
    await model.read(async () => null);
    model.promote(2);
    const startedMs = performance.now();
    expect(await model.read(async () => null)).to.have.property("generation", 1);
    const heldMs = performance.now() - startedMs;
    for (let i = 0; i < 10; i += 1) await model.read(async () => null);
    // Held each time, they would take ten times as long.
    expect(performance.now() - startedMs - heldMs).to.be.below(5 * heldMs);
    await model.close();
  });

  it("has not passed a token of a partition that no projector has taken yet", async () => {
    const model = new ReadModel("portfolios", TOPICS, async () => generationAt(() => 10));
    model.promote(1);
    expect(model.covers("portfolio.events/1")).to.equal(true);
    expect(await model.hasPassed(new Map([["portfolio.events/1", 1]]), 0)).to.equal(false);
    expect(model.covers("risk.events/0")).to.equal(false);
    expect(await model.hasPassed(new Map([["risk.events/0", 1]]), 0)).to.equal(true);
    await model.close();
  });

  it("looks at the checkpoints once for all who wait", async () => {
    let looks = 0;
    let next = 0;
    const model = new ReadModel("portfolios", TOPICS, async () => {
      return generationAt(() => {
        looks += 1;
        return next;
      });
    });
    model.promote(1);
    const wanted = new Map([[PARTITION, 1]]);
    const waiting = Array.from({ length: 100 }, () => model.hasPassed(wanted, 5_000));
    setTimeout(() => {
      next = 1;
    }, 100);
    expect(await Promise.all(waiting)).to.deep.equal(Array(100).fill(true));
    expect(looks).to.be.lessThan(130);
    await model.close();
  });

  it("answers the queries that wait for a connection of the generation before", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-handed-over-"));
    const file = join(folder, "sample.g1.db");
    const store = new SqliteReadStore({ file, projection: { name: "s", version: 1, tables: {} } });
    await store.create();
    await store.take(PARTITION, "log-1");
    const generation = openSqliteGeneration({ file, makeReader: () => null });
    const asked = Array.from({ length: 50 }, (_, i) => {
      return generation?.read(() => new Promise((resolve) => setTimeout(resolve, 5, i)));
    });
    await generation?.close();
    const answers = await Promise.all(asked);
    expect(answers.map((answer) => answer?.result)).to.deep.equal(answers.map((_, i) => i));
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it("is not there yet where its projector was killed while it made the tables", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-unfinished-"));
    const file = join(folder, "sample.g1.db");
    leaveUnfinished(join(folder, "other.db"), file);
    expect(openSqliteGeneration({ file, makeReader: () => null })).to.equal(null);
    const store = new SqliteReadStore({ file, projection: { name: "s", version: 1, tables: {} } });
    await store.create();
    const generation = openSqliteGeneration({ file, makeReader: () => null });
    expect(await generation?.positions()).to.deep.equal(new Map());
    await generation?.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it("answers from a generation whose file was dropped meanwhile", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-dropped-"));
    const file = join(folder, "sample.g1.db");
    const store = new SqliteReadStore({ file, projection: { name: "s", version: 1, tables: {} } });
    await store.create();
    await store.take(PARTITION, "log-1");
    const generation = openSqliteGeneration({ file, makeReader: () => null });
    await store.drop();
    const asked = Array.from({ length: 10 }, () => {
      return generation?.read(() => new Promise((resolve) => setTimeout(resolve, 2)));
    });
    for (const answer of await Promise.all(asked)) {
      expect(answer?.positions.get(PARTITION)).to.equal(0);
    }
    await generation?.close();
    rmSync(folder, { recursive: true });
  });
});

function generationAt(next: () => number): GenerationReader<null> {
  const positions = async () => new Map([[PARTITION, next()]]);
  return {
    positions,
    read: async (query) => ({
      positions: await positions(),
      result: await query(null),
      recordedAtMs: new Map(),
      parked: [],
      causes: new Map(),
    }),
    close: async () => {},
  };
}

/** A file as SIGKILL leaves it in a transaction whose pages are partly written: with its journal. */
function leaveUnfinished(scratch: string, file: string): void {
  const database = new DatabaseSync(scratch);
  database.exec("PRAGMA cache_size = 5; CREATE TABLE t (x); BEGIN");
  const insert = database.prepare("INSERT INTO t VALUES (randomblob(500))");
  for (let i = 0; i < 200; i += 1) insert.run();
  for (const end of ["", "-journal"]) copyFileSync(`${scratch}${end}`, `${file}${end}`);
  database.close();
}
