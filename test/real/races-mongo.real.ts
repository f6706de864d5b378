import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom, type Random } from "../../cli/demo/random.ts";
import { chooseServers } from "../../deploy/local/instances.ts";
import { planFetches } from "../../deploy/local/recipe.ts";
import { StackError } from "../../deploy/local/stack-error.ts";
import { checkTools } from "../../deploy/local/tools.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { EventChanges } from "../../projections/runner/compact.ts";
import type { ReadStore } from "../../projections/runner/read-store.ts";
import { storedTable } from "../../projections/runner/stored-table.ts";
import { MongoDatabase } from "../../projections/stores/mongo/database.ts";
import { collectionPrefix } from "../../projections/stores/mongo/schema.ts";
import { MongoReadStore } from "../../projections/stores/mongo/store.ts";
import { NO_LAYOUT } from "../../projections/stores/mongo/table.ts";
import { MongoWriter } from "../../projections/stores/mongo/writer.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { disturbed, nextOf } from "../contracts/read-store/disturbances.ts";
import { expectAllOf } from "../contracts/read-store/origin-suite.ts";
import {
  allRows,
  allRowsAfter,
  batchOf,
  LOG_ID,
  PARTITION,
  projection,
  sampleEvents,
  tables,
} from "../contracts/read-store/sample-projection.ts";
import { jsonLines, runCli } from "../run-cli.ts";
import { describeWithMongo, mongoUrl } from "./servers.ts";

const EVENTS = 600;
const LONGEST_BATCH = 12;
const KILLS = 3;
/** Between two kills, within which some hundred batches are applied. */
const PAUSE_MS = 500;
const RETRY_MS = 50;
const LONGEST_PAUSE_MS = 30;
const RACES_WITHIN_MS = 120_000;
const FIRST_START_WITHIN_MS = 20 * 60_000;
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cipherhorizon");

describeWithMongo("MongoDB, where writers meet", function (this: Mocha.Suite) {
  // The stand-in forces every write to its disk.
  this.timeout(RACES_WITHIN_MS);
  let prefix: string;
  let stores: ReadStore[];

  beforeEach(async () => {
    prefix = collectionPrefix(`races-${randomUUID()}`, 1);
    stores = [];
  });

  afterEach(async () => {
    await stores[0]?.drop();
    for (const store of stores) await store.close();
  });

  function open(url = mongoUrl()): ReadStore {
    const store = new MongoReadStore({ url, prefix, projection });
    stores.push(store);
    return store;
  }

  it("lets no write that comes late undo a newer one", async () => {
    const events = sampleEvents(21, 200);
    const store = open();
    await store.create();
    const { epoch } = await store.take(PARTITION, LOG_ID);
    await store.apply(batchOf(events, { epoch }));
    // What a ghost had checked its checkpoint for, and was stopped before it wrote.
    const named = Object.entries(tables).map(([name, table]) => storedTable(name, table));
    const writer = new MongoWriter(prefix, new Map(named.map((one) => [one.name, one])), NO_LAYOUT);
    const database = new MongoDatabase({ url: mongoUrl(), name: "ghost", connections: 1 });
    for (const size of [1, 7, 50]) {
      for (let from = 0; from < events.length; from += size) {
        const { changes } = batchOf(events.slice(from, from + size));
        const documents = writer.documentsOf(changes, PARTITION);
        await database.run((session) => writer.write(session, documents));
      }
    }
    await database.close();
    expect(await allRows(store)).to.deep.equal(allRowsAfter(events));
  });

  it("comes to the same rows though two writers keep taking the partition from one another", async () => {
    const seed = printedSeed();
    const events = sampleEvents(seed, EVENTS);
    const [one, other] = [open(), open()];
    // One after the other: the stand-in itself may fail where two make one collection at once.
    for (const store of [one, other]) await store.create();
    const random = createRandom(seed);
    const refusals = await Promise.all([one, other].map((store) => feed(store, events, random)));
    print(`${refusals.join(" and ")} times one of two writers was refused`);
    expect(refusals[0]).to.be.above(0);
    expect(await nextOf(one)).to.equal(EVENTS);
    await expectAllOf(one, events);
  });

  it("refuses a ghost for good, whatever it sends while another writes", async () => {
    const events = sampleEvents(4, 120);
    const [ghost, owner] = [open(), open()];
    await ghost.create();
    const { epoch: old } = await ghost.take(PARTITION, LOG_ID);
    const { epoch } = await owner.take(PARTITION, LOG_ID);
    for (let from = 0; from < events.length; from += 5) {
      const piece = events.slice(from, from + 5);
      const [outcome, late] = await Promise.all([
        owner.apply(batchOf(piece, { epoch })),
        ghost.apply(batchOf(piece.map(disturbed), { epoch: old })),
      ]);
      expect([outcome, late]).to.deep.equal(["applied", "fenced"]);
    }
    expect(await allRows(owner)).to.deep.equal(allRowsAfter(events));
  });

  it("lets several processes find a generation at once, and drop it one after the other", async () => {
    const makers = Array.from({ length: 6 }, () => open());
    // The first before the others: two that make one collection at once break the stand-in's own
    // list of collections for good. The runner begins again after such an error.
    await makers[0]?.create();
    await Promise.all(makers.map((store) => store.create()));
    await stores[0]?.take(PARTITION, LOG_ID);
    // One after the other: the stand-in itself fails where two drop one collection at once.
    for (const store of makers) await store.drop();
    const database = new MongoDatabase({ url: mongoUrl(), name: "look", connections: 1 });
    const left = await database.run((session) => session.collectionNames());
    await database.close();
    expect(left.filter((name) => name.startsWith(prefix))).to.deep.equal([]);
  });

  describe("on a server of their own", function () {
    this.timeout(FIRST_START_WITHIN_MS);
    let folder: string;

    before(async function () {
      const servers = chooseServers(["mongodb"]);
      try {
        await checkTools(servers, planFetches(CACHE, servers));
      } catch (error) {
        if (!(error instanceof StackError)) throw error;
        process.stderr.write(`no server to kill here: ${error.message}\n${error.todo}\n`);
        this.skip();
      }
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-mongo-"));
    });

    after(async () => {
      if (folder === undefined) return;
      await stack("destroy", "--yes", "--force");
      rmSync(folder, { recursive: true });
    });

    function stack(verb: string, ...words: readonly string[]) {
      return runCli(["stack", verb, ...words, "--dir", folder, "--cache", CACHE, "--json"]);
    }

    /** Gives its address. Only the first time the system chooses the port. */
    async function started(...words: readonly string[]): Promise<string> {
      const run = await stack("up", "mongodb", ...words);
      expect(run.exitCode, run.stderr).to.equal(0);
      const [{ ports } = { ports: {} }] = jsonLines(run.stdout);
      return `mongodb://127.0.0.1:${(ports as Record<string, number>)["mongo"]}/cipherhorizon`;
    }

    /** As long as there is something to disturb; gives how often. */
    async function killRepeatedly(isFed: () => boolean): Promise<number> {
      for (let kills = 0; ; kills += 1) {
        await sleep(PAUSE_MS);
        if (kills === KILLS || isFed()) return kills;
        const [status] = jsonLines((await stack("status")).stdout);
        process.kill(Number(status?.["pid"]), "SIGKILL");
        await started();
      }
    }

    it("goes on to the same rows though the server is killed again and again", async () => {
      const seed = printedSeed();
      const events = sampleEvents(seed, 12_000);
      const store = open(await started("--free-ports"));
      await store.create();
      let isFed = false;
      const feeding = feed(store, events, createRandom(seed)).finally(() => {
        isFed = true;
      });
      const [refusals, kills] = await Promise.all([feeding, killRepeatedly(() => isFed)]);
      // A client that waits for the server to come back is refused nothing.
      print(`killed ${kills} times; ${refusals} times a batch was refused, or the server was away`);
      expect(kills, "kills came while batches were being applied").to.be.at.least(KILLS - 1);
      expect(await nextOf(store)).to.equal(events.length);
      await expectAllOf(store, events);
    });
  });
});

/** Feeds all events, as a runner does; gives how often it was refused, or the server was away. */
async function feed(
  store: ReadStore,
  events: readonly EventChanges[],
  random: Random,
): Promise<number> {
  for (let refusals = 0; ; refusals += 1) {
    try {
      if (await feedOn(store, events, random)) return refusals;
      // In step with each other, each would take the partition before the other has applied.
      await sleep(random.integer(0, LONGEST_PAUSE_MS));
    } catch (error) {
      if (isTorn(error)) await buildAnew(store);
      else if (!isUnavailable(error)) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** Takes the partition and feeds until it is refused; gives whether it came to the end. */
async function feedOn(
  store: ReadStore,
  events: readonly EventChanges[],
  random: Random,
): Promise<boolean> {
  let { next, epoch } = await store.take(PARTITION, LOG_ID);
  while (next < events.length) {
    const piece = events.slice(next, next + random.integer(1, LONGEST_BATCH));
    const batch = batchOf(piece, { epoch });
    if ((await store.apply(batch)) !== "applied") return false;
    next = batch.next;
  }
  return true;
}

function isUnavailable(error: unknown): boolean {
  return error instanceof PlatformError && error.code === "STORE_UNAVAILABLE";
}

/**
 * The stand-in writes a document and its index one after the other: killed between them, it finds
 * the document no more and lets nobody make it again. What an operator does then is a rebuild.
 */
function isTorn(error: unknown): boolean {
  return error instanceof Error && error.message.includes("already existed in H2Collection");
}

async function buildAnew(store: ReadStore): Promise<void> {
  print("the stand-in was torn by a kill: the generation is built anew");
  await store.drop();
  await store.create();
}
