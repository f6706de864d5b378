import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { digestGeneration } from "../../projections/runner/digest.ts";
import { counters } from "../../projections/runner/runner.fixture.ts";
import { RedisConnection } from "../../projections/stores/redis/connection.ts";
import { generationPrefix } from "../../projections/stores/redis/layout.ts";
import { RedisReadStore } from "../../projections/stores/redis/store.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { sameRows } from "../contracts/read-store/killed-child.ts";
import {
  allRows,
  allRowsAfter,
  batchOf,
  LOG_ID,
  PARTITION,
  projection,
  sampleEvents,
} from "../contracts/read-store/sample-projection.ts";
import { FedLog, feedDisturbed, feedTwice } from "./fed-log.ts";
import { describeWithRedisProgram, openPrivateRedis, type PrivateRedis } from "./private-redis.ts";
import { describeWithRedis, redisUrl } from "./servers.ts";

const POWER_LOSSES = 12;
const EVENTS = 6_000;
const BATCH = 50;
/** Some batches, and almost always one that is cut in two. */
const LARGEST_LOSS_BYTES = 60_000;
/** Of a batch of 100 events: some of its commands are left, and the end of it is not. */
const MIDDLE_OF_A_BATCH_BYTES = 3_000;
const NOTICED_WITHIN_MS = 20_000;

function openStore(url: string, prefix = newPrefix()): RedisReadStore {
  return new RedisReadStore({ url, prefix, projection: counters });
}

function newPrefix(): string {
  return generationPrefix(`test-faults-${randomUUID()}`, 1);
}

describeWithRedisProgram("a Redis that is killed while batches are written", function () {
  this.timeout(60_000);
  let server: PrivateRedis;

  afterEach(() => server.remove());

  for (const appendfsync of ["everysec", "always"]) {
    it(`loses and doubles nothing with its process (appendfsync ${appendfsync})`, async () => {
      server = await openPrivateRedis([["appendfsync", appendfsync]]);
      await feedDisturbed(openStore(server.url), async () => {
        await server.kill();
        await server.start();
      });
    });
  }

  it("goes back with the power, rows and checkpoint together, and is fed again", async () => {
    server = await openPrivateRedis([["appendfsync", "everysec"]]);
    const seed = printedSeed();
    const random = createRandom(seed);
    const events = sampleEvents(seed, EVENTS);
    const prefix = newPrefix();
    const store = new RedisReadStore({ url: server.url, prefix, projection });
    await store.create();
    let lost = 0;
    let next = 0;
    for (let loss = 0; loss <= POWER_LOSSES; loss += 1) {
      const end = Math.round((EVENTS * (loss + 1)) / (POWER_LOSSES + 1));
      const { epoch, next: stored } = await store.take(PARTITION, LOG_ID);
      expect(stored).to.equal(next);
      for (; next < end; next = Math.min(next + BATCH, end)) {
        const batch = batchOf(events.slice(next, Math.min(next + BATCH, end)), { epoch });
        expect(await store.apply(batch)).to.equal("applied");
      }
      if (loss === POWER_LOSSES) break;
      await server.kill();
      server.loseTail(random.integer(0, LARGEST_LOSS_BYTES));
      await server.start();
      const stands = (await store.checkpoints()).get(PARTITION)?.next ?? 0;
      const expected = allRowsAfter(events.slice(0, stands));
      expect(sameRows(await allRows(store), expected), `at ${stands} of ${next}`).to.equal(true);
      lost += next - stands;
      next = stands;
    }
    print(`${lost} events were lost in ${POWER_LOSSES} losses of power, and fed again`);
    expect(lost).to.be.above(0);
    expect(sameRows(await allRows(store), allRowsAfter(events))).to.equal(true);
    const found = await digestGeneration(store, projection.tables);
    expect(found).to.deep.equal(await digestOfSqlite(events));
    await store.close();
  });

  it("brings back at a later start part of what was cut off: the partition is begun anew", async () => {
    server = await openPrivateRedis([["appendfsync", "always"]]);
    const events = sampleEvents(printedSeed(), 200);
    const store = new RedisReadStore({ url: server.url, prefix: newPrefix(), projection });
    await store.create();
    const { epoch } = await store.take(PARTITION, LOG_ID);
    const apply = (from: number, to: number, as = epoch) => {
      return store.apply(batchOf(events.slice(from, to), { epoch: as }));
    };
    expect(await apply(0, 50)).to.equal("applied");
    expect(await apply(50, 150)).to.equal("applied");
    await server.kill();
    server.loseTail(MIDDLE_OF_A_BATCH_BYTES);
    await server.start();
    expect(sameRows(await allRows(store), allRowsAfter(events.slice(0, 50)))).to.equal(true);
    expect(await apply(50, 60)).to.equal("applied");
    expect(sameRows(await allRows(store), allRowsAfter(events.slice(0, 60)))).to.equal(true);
    await server.kill();
    await server.start();
    expect(await store.checkpoints()).to.deep.equal(new Map());
    expect(sameRows(await allRows(store), allRowsAfter([]))).to.equal(true);
    expect(await apply(60, 70)).to.equal("fenced");
    const { epoch: anew, next } = await store.take(PARTITION, LOG_ID);
    expect(next).to.equal(0);
    expect(await apply(0, 200, anew)).to.equal("applied");
    expect(sameRows(await allRows(store), allRowsAfter(events))).to.equal(true);
    await store.close();
  });

  it("is noticed to have gone back by a projector that has nothing to write", async () => {
    server = await openPrivateRedis();
    const fed = new FedLog(createRandom(printedSeed()));
    const store = openStore(server.url);
    const stopping = new AbortController();
    const ended = fed.feed(store, stopping.signal);
    fed.grow(2_000);
    await fed.untilFed(store);
    await server.kill();
    server.loseTail(2_000);
    await server.start();
    expect([...(await store.checkpoints()).values()].map(({ next }) => next)).to.not.deep.equal(
      await fed.log.ends(),
    );
    const startedMs = performance.now();
    await fed.untilFed(store);
    expect(performance.now() - startedMs).to.be.below(NOTICED_WITHIN_MS);
    stopping.abort();
    expect((await ended).reason).to.equal("stopped");
    await fed.expectFed(store);
    await store.close();
  });

  it("has lost everything: who feeds it stops, so that it is begun anew", async () => {
    server = await openPrivateRedis([["appendonly", "no"]]);
    const fed = new FedLog(createRandom(printedSeed()));
    const store = openStore(server.url);
    fed.grow(500);
    const first = fed.feed(store, new AbortController().signal);
    await fed.untilFed(store);
    await server.kill();
    await server.start();
    fed.grow(500);
    expect((await first).reason).to.be.oneOf(["fenced", "failed"]);
    const stopping = new AbortController();
    const second = fed.feed(store, stopping.signal);
    await fed.untilFed(store);
    stopping.abort();
    await second;
    await fed.expectFed(store);
    await store.close();
  });
});

describeWithRedis("Redis, while batches are written", function () {
  this.timeout(60_000);

  it("ends all connections, and nothing is lost or doubled", async () => {
    const admin = new RedisConnection({ url: redisUrl(), name: "disturber" });
    const prefix = newPrefix();
    await feedDisturbed(openStore(redisUrl(), prefix), async () => {
      for (const line of String(await admin.call("CLIENT", "LIST")).split("\n")) {
        const [, id] = /^id=(\d+) .*name=(\S+)/.exec(line) ?? [];
        if (id !== undefined && line.includes(prefix)) await admin.call("CLIENT", "KILL", "ID", id);
      }
    });
    await admin.close();
  });

  it("forgets its scripts, and nothing is lost or doubled", async () => {
    const admin = new RedisConnection({ url: redisUrl(), name: "disturber" });
    const store = openStore(redisUrl());
    const fed = new FedLog(createRandom(printedSeed()));
    const stopping = new AbortController();
    const ended = fed.feed(store, stopping.signal);
    for (let i = 0; i < 20; i += 1) {
      fed.grow(500);
      await admin.call("SCRIPT", "FLUSH");
    }
    await fed.untilFed(store);
    stopping.abort();
    expect((await ended).reason).to.equal("stopped");
    expect(fed.troubles).to.deep.equal([]);
    await fed.expectFed(store);
    await store.drop();
    await store.close();
    await admin.close();
  });

  it("is taken over by a second projector, and the first stops", async () => {
    const prefix = newPrefix();
    await feedTwice([openStore(redisUrl(), prefix), openStore(redisUrl(), prefix)]);
  });
});

async function digestOfSqlite(events: ReturnType<typeof sampleEvents>) {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-same-"));
  const store = new SqliteReadStore({ file: join(folder, "sample.db"), projection });
  await store.create();
  const { epoch } = await store.take(PARTITION, LOG_ID);
  expect(await store.apply(batchOf(events, { epoch }))).to.equal("applied");
  const found = await digestGeneration(store, projection.tables);
  await store.close();
  rmSync(folder, { recursive: true });
  return found;
}
