import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import fc from "fast-check";
import { createRandom } from "../../cli/demo/random.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { EventChanges } from "../../projections/runner/compact.ts";
import { DataError } from "../../projections/runner/read-store.ts";
import { SqliteQueries } from "../../projections/stores/sqlite/query.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";
import {
  keysByWordsSql,
  matchOf,
  requireTextIndex,
} from "../../projections/stores/sqlite/text-index.ts";
import { print, printedSeed } from "./log/seed.ts";
import { namesIndex, readStoreAdapters, sqliteFile } from "./read-store/adapters.ts";
import { applyByPlan, rejection, TWINS } from "./read-store/disturbances.ts";
import { killedChild } from "./read-store/killed-child.ts";
import {
  batchOf,
  LOG_ID,
  PARTITION,
  projection,
  readRows,
  rowsAfter,
  sampleEvents,
} from "./read-store/sample-projection.ts";

const { newAddress, open, remove } = readStoreAdapters.sqlite;
const KILLS = 8;
/** One of each of the sample's texts, and one of none. */
const WORDS = ["plain", "o'hara", "quoted", "line", "break", "nul", "inside", "日本", "nowhere"];

/** What only the SQLite read store has: an index of words beside the rows. */
describe("the text index of the SQLite read store", () => {
  const folders: string[] = [];
  const opened: SqliteReadStore[] = [];
  let folder: string;

  function newFolder(): string {
    const one = newAddress();
    folders.push(one);
    return one;
  }

  async function taken(address: string): Promise<SqliteReadStore> {
    const store = open(address) as SqliteReadStore;
    opened.push(store);
    await store.take(PARTITION, LOG_ID);
    return store;
  }

  beforeEach(() => {
    folder = newFolder();
  });

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    for (const one of folders.splice(0)) remove(one);
  });

  it("finds what stands in the rows, after any splits, repeats and ghosts", async () => {
    const seed = printedSeed();
    const piece = fc.record({
      size: fc.integer({ min: 1, max: 9 }),
      twin: fc.constantFrom(...TWINS),
    });
    const property = fc.asyncProperty(fc.integer(), fc.array(piece), async (sample, plan) => {
      const address = newFolder();
      const store = await taken(address);
      const { epoch } = await store.take(PARTITION, LOG_ID);
      const events = sampleEvents(sample, 60);
      await applyByPlan(store, { events, plan, epoch, comparesAndSets: true });
      expect(indexed(address)).to.deep.equal(heldAfter(events));
    });
    await fc.assert(property, { seed, numRuns: 30 });
  });

  it(`finds what stands in the rows, killed ${KILLS} times`, async () => {
    const seed = printedSeed();
    const random = createRandom(seed);
    const events = sampleEvents(seed, 20_000);
    let unfinished = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const args = ["sqlite", folder, String(seed), String(events.length), "50"];
      await killedChild(args, random.integer(0, 60));
      const store = await taken(folder);
      const next = (await store.checkpoints()).get(PARTITION)?.next ?? 0;
      expect(indexed(folder), `at ${next}`).to.deep.equal(heldAfter(events.slice(0, next)));
      if (next > 0 && next < events.length) unfinished += 1;
      await store.close();
      if (next === events.length) await store.drop();
    }
    print(`${unfinished} of ${KILLS} kills came while batches were being applied`);
    expect(unfinished).to.be.above(0);
  });

  it("is taken back with a batch that cannot be written", async () => {
    const store = await taken(folder);
    await store.apply(batchOf([named(0, "first")]));
    const wrong = { table: "entries", row: { stream: "s", sequence: 0.5, amount: "1" } };
    const batch = batchOf([named(1, "second"), { position: 2, changes: [wrong] }]);
    expect(await rejection(store.apply(batch))).to.be.instanceOf(DataError);
    expect([search(folder, "first"), search(folder, "second")]).to.deep.equal([["a/1"], []]);
    await store.apply(batchOf([named(1, "second")]));
    expect([search(folder, "first"), search(folder, "second")]).to.deep.equal([[], ["a/1"]]);
  });

  it("goes on after its file is opened again, and begins anew after a drop", async () => {
    const store = await taken(folder);
    await store.apply(batchOf([named(0, "first")]));
    await store.close();
    const again = await taken(folder);
    await again.apply(batchOf([named(1, "second")], { epoch: 2 }));
    expect([search(folder, "first"), search(folder, "second")]).to.deep.equal([[], ["a/1"]]);
    await again.drop();
    await taken(folder);
    expect(search(folder, "second")).to.deep.equal([]);
  });

  it("stands in no row: what is read back and compared is the tables alone", async () => {
    const events = sampleEvents(3, 200);
    const [indexedStore, plain] = [await taken(folder), bare(newFolder())];
    await plain.take(PARTITION, LOG_ID);
    for (const store of [indexedStore, plain]) await store.apply(batchOf(events));
    const rows = await readRows(indexedStore, "accounts");
    expect(rows).to.deep.equal(await readRows(plain, "accounts"));
  });

  it("cannot be searched in a file of code that had none: not ready, not an error", async () => {
    await bare(folder).create();
    withQueries(folder, (queries) => {
      expect(() => requireTextIndex(queries, namesIndex))
        .to.throw(PlatformError)
        .with.property("code", "NOT_READY");
    });
    const other = newFolder();
    await taken(other);
    withQueries(other, (queries) => requireTextIndex(queries, namesIndex));
  });

  it("is refused of a table that is not declared, and of a column that is no text", async () => {
    for (const index of [
      { table: "nothing", wordsOf: "name" },
      { table: "accounts", wordsOf: "nothing" },
      { table: "accounts", wordsOf: "balance" },
    ]) {
      const store = new SqliteReadStore({ file: sqliteFile(folder), projection, indexes: [index] });
      expect(await rejection(store.create())).to.be.instanceOf(RangeError);
    }
  });

  /** As code wrote it that knew of no text index. */
  function bare(address: string): SqliteReadStore {
    const store = new SqliteReadStore({ file: sqliteFile(address), projection });
    opened.push(store);
    return store;
  }
});

describe("a file of the SQLite read store that older code has built", () => {
  it("gives its rows, which know nothing of where they began", async () => {
    const folder = newAddress();
    const [store, events] = [open(folder), sampleEvents(5, 30)];
    await store.take(PARTITION, LOG_ID);
    await store.apply(batchOf(events));
    const database = new DatabaseSync(sqliteFile(folder));
    database.exec('ALTER TABLE "accounts" DROP COLUMN "_first"');
    database.close();
    expect(await readRows(store, "accounts")).to.deep.equal(rowsAfter("accounts", events));
    await store.close();
    remove(folder);
  });
});

function withQueries<T>(folder: string, ask: (queries: SqliteQueries) => T): T {
  const database = new DatabaseSync(sqliteFile(folder), { readOnly: true });
  try {
    return ask(new SqliteQueries(database));
  } finally {
    database.close();
  }
}

/** Keys of the rows that hold a word, as `owner/number`, sorted. */
function search(folder: string, word: string): string[] {
  return withQueries(folder, (queries) => {
    const rows = queries.all(keysByWordsSql(namesIndex, ["owner", "number"]), [matchOf(word)]);
    return rows.map(({ owner, number }) => `${owner}/${number}`).sort();
  });
}

function indexed(folder: string): Record<string, string[]> {
  return Object.fromEntries(WORDS.map((word) => [word, search(folder, word)]));
}

/** The same, by hand: the sample's words stand in one text each. */
function heldAfter(events: readonly EventChanges[]): Record<string, string[]> {
  const rows = rowsAfter("accounts", events).map(({ row }) => row);
  return Object.fromEntries(
    WORDS.map((word) => {
      const held = rows.filter(({ name }) =>
        String(name ?? "")
          .toLowerCase()
          .includes(word),
      );
      return [word, held.map(({ owner, number }) => `${owner}/${number}`).sort()];
    }),
  );
}

function named(position: number, name: string): EventChanges {
  const empty = { count: 0, balance: "0", ratio: 0, open: false, document: "{}" };
  return {
    position,
    changes: [{ table: "accounts", row: { owner: "a", number: 1, name, ...empty } }],
  };
}
