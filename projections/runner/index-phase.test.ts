import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { SqliteReadStore } from "../stores/sqlite/store.ts";
import { counters, MemoryLog, memoryCodec } from "./runner.fixture.ts";
import { run } from "./runner.ts";

const INDEX = { table: "counters", columns: ["value", "counter"] };

describe("the indexes of a generation that is built", () => {
  let folder: string;
  let file: string;
  let log: MemoryLog;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-indexes-"));
    file = join(folder, "counters.g2.db");
    log = new MemoryLog();
    for (let value = 1; value <= 2_000; value += 1) log.count(`c-${value % 7}`, value);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function hasIndex(): boolean {
    const database = new DatabaseSync(file, { readOnly: true });
    const named = database.prepare("SELECT name FROM sqlite_master WHERE name = ?");
    const found = named.all("counters_by_value_counter");
    database.close();
    return found.length === 1;
  }

  /** Feeds it until `until`; gives whether the index was there then, and with each batch before. */
  async function feed(until: "batch" | "caught up", isBuild: boolean) {
    const store = new SqliteReadStore({ file, projection: counters, indexes: [INDEX] });
    const atBatches: boolean[] = [];
    const stopping = new AbortController();
    let atEnd = false;
    const stop = () => {
      atEnd = hasIndex();
      stopping.abort();
    };
    const observer = {
      onApplied: () => {
        atBatches.push(hasIndex());
        if (until === "batch") stop();
      },
      onCaughtUp: () => {
        if (until === "caught up") stop();
      },
    };
    const feeding = { projection: counters, store, log, codec: memoryCodec, isBuild, observer };
    expect(await run({ ...feeding, signal: stopping.signal })).to.include({ reason: "stopped" });
    await store.close();
    return { atBatches, atEnd };
  }

  it("wait until it has caught up, which is told when they are there", async () => {
    const { atBatches, atEnd } = await feed("caught up", true);
    expect(atEnd).to.equal(true);
    expect(atBatches[0]).to.equal(false);
  });

  it("wait for the end of a build that goes on where it broke off", async () => {
    await feed("batch", true);
    log.count("late", 42);
    const { atBatches, atEnd } = await feed("caught up", true);
    expect([atBatches[0], atEnd]).to.deep.equal([false, true]);
  });

  it("are there from the beginning where the build broke off, and is live now", async () => {
    await feed("batch", true);
    expect(hasIndex()).to.equal(false);
    log.count("late", 42);
    const { atBatches } = await feed("caught up", false);
    expect(atBatches).to.include(true).and.not.include(false);
  });
});
