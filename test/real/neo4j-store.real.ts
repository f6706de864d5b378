import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { FinalError } from "../../projections/runner/persist.ts";
import { DataError, type PositionedChange } from "../../projections/runner/read-store.ts";
import { placedTables, uniqueKeys } from "../../projections/stores/neo4j/graph.ts";
import { Neo4jPool } from "../../projections/stores/neo4j/pool.ts";
import { Neo4jGeneration } from "../../projections/stores/neo4j/reader.ts";
import { dropGeneration, isMade, versionFault } from "../../projections/stores/neo4j/schema.ts";
import { Neo4jReadStore } from "../../projections/stores/neo4j/store.ts";
import { rejection } from "../contracts/read-store/disturbances.ts";
import {
  allRows,
  batchOf,
  LOG_ID,
  PARTITION,
  projection,
  sampleEvents,
  tables,
} from "../contracts/read-store/sample-projection.ts";
import { describeWithNeo4j, neo4jUrl } from "./servers.ts";

describeWithNeo4j("the Neo4j read store", function () {
  this.timeout(120_000);
  const opened: { close(): Promise<void> }[] = [];
  let generation: string;
  let pool: Neo4jPool;

  beforeEach(() => {
    generation = `sample_${randomUUID().replaceAll("-", "")}_g1`;
    pool = new Neo4jPool({ url: neo4jUrl(), name: "test", connections: 2 });
    opened.push(pool);
  });

  afterEach(async () => {
    await dropGeneration(pool, generation);
    for (const one of opened.splice(0)) await one.close();
  });

  function open(url = neo4jUrl(), version = 1, name = generation): Neo4jReadStore {
    const parts = { url, generation: name, projection: { ...projection, version }, graph: {} };
    const store = new Neo4jReadStore(parts);
    opened.push(store);
    return store;
  }

  async function taken(): Promise<Neo4jReadStore> {
    const store = open();
    await store.create();
    await store.take(PARTITION, LOG_ID);
    return store;
  }

  function changed(change: (url: URL) => void): string {
    const url = new URL(neo4jUrl());
    change(url);
    return url.href;
  }

  describe("says what is wrong with its server, and never the password", () => {
    const faults: Record<string, readonly [string, (url: URL) => void, string]> = {
      "a wrong password": ["STORE_REFUSED", (url) => (url.password = "s3cret"), "unauthorized"],
      "a database that is not there": [
        "STORE_REFUSED",
        (url) => (url.pathname = "/nowhere"),
        "nowhere",
      ],
      "nobody who listens": ["STORE_UNAVAILABLE", (url) => (url.port = "1"), "ECONNREFUSED"],
    };
    for (const [title, [code, change, words]] of Object.entries(faults)) {
      it(title, async () => {
        const error = await rejection(open(changed(change)).create());
        expect(error).to.be.instanceOf(PlatformError);
        expect(error).to.have.property("code", code);
        expect((error as Error).message)
          .to.include("Neo4j at")
          .and.include(words);
        expect(JSON.stringify(error) + (error as Error).message).not.to.include("s3cret");
      });
    }

    it("a version that is too old", () => {
      expect(versionFault("4.4.10")).to.include("4.4.10").and.include("5");
      expect([versionFault("5.26.30"), versionFault("2025.06.2")]).to.deep.equal([null, null]);
    });
  });

  describe("a generation", () => {
    it("may be made by any number of processes at once", async () => {
      const stores = Array.from({ length: 8 }, () => open());
      await Promise.all(stores.map((store) => store.create()));
      await stores[0]?.take(PARTITION, LOG_ID);
      expect(await stores[1]?.apply(batchOf(sampleEvents(1, 10)))).to.equal("applied");
    });

    it("is refused where another projection or another version has built it", async () => {
      await open().create();
      expect(await rejection(open(neo4jUrl(), 2).create())).to.be.instanceOf(FinalError);
    });

    it("is refused where newer code has laid it out", async () => {
      await open().create();
      const set = "MATCH (g:ReadModelGeneration {name: $generation}) SET g.layout = 1000";
      await pool.command(set, { generation });
      expect(await rejection(open().create())).to.be.instanceOf(FinalError);
    });

    it("that is dropped leaves its neighbours alone, and no label, type, rule or node", async () => {
      const other = `x_${generation}`;
      const neighbour = open(neo4jUrl(), 1, other);
      for (const store of [await taken(), neighbour]) await store.create();
      await neighbour.take(PARTITION, LOG_ID);
      await neighbour.apply(batchOf(sampleEvents(1, 10)));
      const before = await allRows(neighbour);
      expect(await dropGeneration(pool, generation)).to.equal(true);
      expect(await dropGeneration(pool, generation)).to.equal(false);
      expect(await allRows(neighbour)).to.deep.equal(before);
      const rules = await pool.command(
        "SHOW INDEXES YIELD labelsOrTypes WHERE labelsOrTypes[0] ENDS WITH $name RETURN 1 AS one",
        { name: `_${generation}` },
      );
      await neighbour.drop();
      // Those of the neighbour, whose name ends alike.
      expect(rules).to.have.length(uniqueKeys(placedTables(tables, {})).length);
    });

    it("of which only half is dropped is read and written by nobody, and made anew whole", async () => {
      const store = await taken();
      await store.apply(batchOf(sampleEvents(1, 20)));
      const closing = `MATCH (g:ReadModelGeneration {name: $generation}) SET g.dropping = true
        WITH g MATCH (c:ReadModelCheckpoint {generation: g.name}) DELETE c`;
      await pool.command(closing, { generation });
      const calls = [
        () => store.checkpoints(),
        () => allRows(store),
        () => store.take(PARTITION, LOG_ID),
      ];
      for (const call of calls)
        expect(await rejection(call())).to.have.property("code", "NOT_READY");
      expect(await rejection(store.apply(batchOf([])))).to.be.instanceOf(Error);
      expect(await isMade(pool, generation)).to.equal(false);
      await store.create();
      expect(await store.take(PARTITION, LOG_ID)).to.include({ next: 0, epoch: 1 });
      expect(await allRows(store)).to.deep.equal({ accounts: [], entries: [] });
    });
  });

  it("refuses a key too long for its index, and goes on", async () => {
    const store = await taken();
    const columns = { name: "", count: 0, balance: "0", ratio: 0, open: true, document: "{}" };
    const row = { owner: "x".repeat(10_000), number: 1, ...columns };
    const changes = [{ table: "accounts", row, position: 0 }];
    const error = await rejection(store.apply({ ...batchOf([]), next: 1, changes }));
    expect(error).to.be.instanceOf(DataError);
    expect(await store.apply(batchOf(sampleEvents(1, 3)))).to.equal("applied");
  });

  it("has one winner among batches that are sent at once, and its rows alone", async () => {
    const store = await taken();
    const stores = [store, open(), open()];
    for (let round = 0; round < 10; round += 1) {
      const changes = (writer: number) => {
        const row = { stream: `s-${round}`, sequence: 1, amount: String(writer) };
        return [{ table: "entries", row: { ...row, sequence: writer }, position: round }];
      };
      const outcomes = await Promise.all(
        stores.map((one, writer) => {
          const batch = { ...batchOf([]), expected: round, next: round + 1 };
          return one.apply({ ...batch, changes: changes(writer) });
        }),
      );
      expect(outcomes.toSorted()).to.deep.equal(["applied", "behind", "behind"]);
      const written = (await allRows(store))["entries"]?.filter(({ position }) => {
        return position === round;
      });
      expect(written?.map(({ row }) => row["sequence"])).to.deep.equal([
        outcomes.indexOf("applied"),
      ]);
    }
  });

  it("answers from one state, rows and position, while batches are written", async () => {
    const store = await taken();
    const generationRead = new Neo4jGeneration({ pool, generation, makeReader: (one) => one });
    let isWriting = true;
    const writing = (async () => {
      for (let at = 0; at < BATCHES; at += 1) {
        const next = at + 1;
        await store.apply({ ...batchOf([]), expected: at, next, changes: allCounting(next) });
      }
      isWriting = false;
    })();
    const seen = new Set<unknown>();
    while (isWriting) {
      const { result, positions } = await generationRead.read((queries) => queries.get(COUNTED));
      const next = positions.get(PARTITION);
      if (next === 0) continue;
      expect(result).to.deep.equal({ lowest: next, highest: next, rows: ROWS });
      seen.add(next);
    }
    await writing;
    expect(seen.size).to.be.above(1);
  });
});

/** Every row of them is written by every batch. */
const ROWS = 500;
const BATCHES = 60;
const COUNTED = `MATCH (n:accounts_g)
  RETURN min(n.count) AS lowest, max(n.count) AS highest, count(n) AS rows`;

function allCounting(count: number): PositionedChange[] {
  const columns = { name: "", count, balance: "0", ratio: 0, open: true, document: "{}" };
  return Array.from({ length: ROWS }, (_, number) => {
    return { table: "accounts", row: { owner: "a", number, ...columns }, position: count };
  });
}
