import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { usersText } from "../../deploy/local/redis.ts";
import { LOGIN } from "../../deploy/local/server.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { FinalError } from "../../projections/runner/persist.ts";
import { DataError } from "../../projections/runner/read-store.ts";
import { RedisConnection } from "../../projections/stores/redis/connection.ts";
import { generationPrefix } from "../../projections/stores/redis/layout.ts";
import { serverFault } from "../../projections/stores/redis/schema.ts";
import { RedisReadStore } from "../../projections/stores/redis/store.ts";
import { rejection } from "../contracts/read-store/disturbances.ts";
import {
  batchOf,
  LOG_ID,
  PARTITION,
  projection,
  readRows,
  sampleEvents,
} from "../contracts/read-store/sample-projection.ts";
import { describeWithRedisProgram, openPrivateRedis, type PrivateRedis } from "./private-redis.ts";
import { describeWithRedis, redisUrl } from "./servers.ts";

const indexes = [{ table: "accounts", columns: ["count", "owner", "number"] }];

function openStore(url: string, prefix: string, version = 1): RedisReadStore {
  return new RedisReadStore({ url, prefix, projection: { ...projection, version }, indexes });
}

async function takenStore(url: string, prefix: string): Promise<RedisReadStore> {
  const store = openStore(url, prefix);
  await store.create();
  await store.take(PARTITION, LOG_ID);
  return store;
}

function expectRefusal(error: unknown, code: string, words: string): void {
  expect(error).to.be.instanceOf(PlatformError);
  expect(error).to.have.property("code", code);
  const { message } = error as Error;
  expect(message).to.include("Redis at").and.include(words);
  expect(JSON.stringify(error) + message).not.to.include("s3cret");
}

describeWithRedis("the Redis read store", function () {
  this.timeout(60_000);
  let prefix: string;
  const opened: RedisReadStore[] = [];

  beforeEach(() => {
    prefix = generationPrefix(`test-store-${randomUUID()}`, 1);
  });

  afterEach(async () => {
    const last = open();
    await last.drop();
    for (const one of opened.splice(0)) await one.close();
  });

  function open(url = redisUrl(), version = 1): RedisReadStore {
    const store = openStore(url, prefix, version);
    opened.push(store);
    return store;
  }

  function changed(change: (url: URL) => void): string {
    const url = new URL(redisUrl());
    change(url);
    return url.href;
  }

  describe("says what is wrong with its server, and never the password", () => {
    const faults: Record<string, readonly [string, (url: URL) => void, string]> = {
      "a wrong password": ["STORE_REFUSED", (url) => (url.password = "s3cret"), "WRONGPASS"],
      "a database that is not there": ["STORE_REFUSED", (url) => (url.pathname = "/9999"), "index"],
      "nobody who listens": ["STORE_UNAVAILABLE", (url) => (url.port = "1"), "ECONNREFUSED"],
    };
    for (const [title, [code, change, words]] of Object.entries(faults)) {
      it(title, async () => {
        expectRefusal(await rejection(open(changed(change)).create()), code, words);
      });
    }

    it("a version that is too old, a cluster, and memory that evicts rows", () => {
      const facts = { redis_version: "7.0.15", redis_mode: "standalone" };
      expect(serverFault({ ...facts, maxmemory_policy: "noeviction" })).to.equal(null);
      expect(serverFault({ ...facts, redis_version: "6.2.1" }))
        .to.include("6.2.1")
        .and.include("7");
      expect(serverFault({ ...facts, redis_mode: "cluster" })).to.include("cluster");
      expect(serverFault({ ...facts, maxmemory_policy: "allkeys-lru" })).to.include("allkeys-lru");
      expect(serverFault({})).to.include("unknown");
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
      expect(await rejection(open(redisUrl(), 2).create())).to.be.instanceOf(FinalError);
    });

    it("that was dropped is written by nobody who is late", async () => {
      const store = await takenStore(redisUrl(), prefix);
      opened.push(store);
      await store.apply(batchOf(sampleEvents(1, 10)));
      await open().drop();
      expect(await store.apply({ ...batchOf([]), expected: 10, next: 11 })).to.equal("fenced");
      expect(await rejection(store.take(PARTITION, LOG_ID))).to.be.instanceOf(FinalError);
      expect(await rejection(store.checkpoints())).to.be.instanceOf(FinalError);
      const admin = new RedisConnection({ url: redisUrl(), name: "test" });
      const [, left] = (await admin.call("SCAN", 0, "MATCH", `*${prefix}*`, "COUNT", 1e6)) as [
        string,
        string[],
      ];
      await admin.close();
      expect(left).to.deep.equal([]);
    });

    it("leaves nothing behind when its rows are gone, in indexes and orders neither", async () => {
      const store = await takenStore(redisUrl(), prefix);
      opened.push(store);
      const columns = { name: "", balance: "0", ratio: 0, open: true, document: "{}" };
      const row = { owner: "a", number: 1, count: 7, ...columns };
      const change = (position: number, count: number) => ({
        position,
        changes: [{ table: "accounts", row: { ...row, count } }],
      });
      const remove = { table: "accounts", row: { owner: "a", number: 1 }, deleted: true } as const;
      await store.apply(batchOf([change(0, 7)]));
      await store.apply(batchOf([change(1, -8)]));
      await store.apply(batchOf([{ position: 2, changes: [remove] }]));
      const admin = new RedisConnection({ url: redisUrl(), name: "test" });
      const [, left] = (await admin.call("SCAN", 0, "MATCH", `*${prefix}*`, "COUNT", 1e6)) as [
        string,
        string[],
      ];
      await admin.close();
      const own = [`{${prefix}}:generation`, `{${prefix}}:partitions`];
      const checkpoint = `{${prefix}:${PARTITION}}:_checkpoint`;
      expect(left.sort()).to.deep.equal([checkpoint, ...own].sort());
    });

    it("of an epoch that the server has forgotten is gone on with", async () => {
      const store = await takenStore(redisUrl(), prefix);
      opened.push(store);
      const events = sampleEvents(1, 10);
      expect(await store.apply(batchOf(events.slice(5), { epoch: 4 }))).to.equal("behind");
      expect((await store.checkpoints()).get(PARTITION)).to.include({ epoch: 4, next: 0 });
      expect(await store.apply(batchOf(events, { epoch: 4 }))).to.equal("applied");
      expect(await store.apply(batchOf(events, { epoch: 1 }))).to.equal("fenced");
    });
  });

  it("refuses more changes of one event than a script may have, and goes on", async () => {
    const store = await takenStore(redisUrl(), prefix);
    opened.push(store);
    const changes = Array.from({ length: 20_001 }, (_, sequence) => {
      return { table: "entries", row: { stream: "s", sequence, amount: "1" } };
    });
    const whole = batchOf([{ position: 0, changes }]);
    expect(await rejection(store.apply(whole))).to.be.instanceOf(DataError);
    const most = batchOf([{ position: 0, changes: changes.slice(1) }]);
    expect(await store.apply(most)).to.equal("applied");
    expect(await readRows(store, "entries")).to.have.length(20_000);
  });
});

describeWithRedisProgram("the Redis read store, on a server of its own", function () {
  this.timeout(60_000);
  const prefix = generationPrefix("sample", 1);
  let server: PrivateRedis;
  let store: RedisReadStore;

  afterEach(async () => {
    await store.close();
    await server.remove();
  });

  async function administer(...words: readonly string[]): Promise<void> {
    const admin = new RedisConnection({ url: server.url, name: "test" });
    const [command = "", ...values] = words;
    await admin.call(command, ...values);
    await admin.close();
  }

  it("says that the memory is full, and has changed nothing", async () => {
    server = await openPrivateRedis([["maxmemory-policy", "noeviction"]]);
    store = await takenStore(server.url, prefix);
    await administer("CONFIG", "SET", "maxmemory", "1");
    const batch = batchOf(sampleEvents(1, 10));
    expectRefusal(await rejection(store.apply(batch)), "STORE_UNAVAILABLE", "OOM");
    expect(await readRows(store, "entries"), "what is there can be read").to.deep.equal([]);
    await administer("CONFIG", "SET", "maxmemory", "0");
    expect(await store.apply(batch)).to.equal("applied");
  });

  it("has all its rows after a restart with the users that the stack makes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-users-"));
    const file = join(folder, "users.acl");
    writeFileSync(file, usersText("s3cret"));
    // With `everysec`, a batch that meets an fsync under way is not in the file when it is killed.
    const settings = [["aclfile", file] as const, ["appendfsync", "always"] as const];
    server = await openPrivateRedis(settings, `${LOGIN}:s3cret@`);
    store = await takenStore(server.url, prefix);
    await store.apply(batchOf(sampleEvents(1, 10)));
    const before = await readRows(store, "entries");
    expect(before).to.not.deep.equal([]);
    await server.kill();
    await server.start();
    expect(await readRows(store, "entries")).to.deep.equal(before);
    const stranger = openStore(server.url.replace(`${LOGIN}:s3cret@`, ""), prefix);
    expectRefusal(await rejection(stranger.create()), "STORE_REFUSED", "NOAUTH");
    await stranger.close();
    rmSync(folder, { recursive: true });
  });

  it("says that it is a replica, that takes no writes", async () => {
    server = await openPrivateRedis();
    store = await takenStore(server.url, prefix);
    await administer("CONFIG", "SET", "replica-serve-stale-data", "yes");
    await administer("REPLICAOF", "127.0.0.1", "1");
    const refusal = await rejection(store.apply(batchOf(sampleEvents(1, 10))));
    expectRefusal(refusal, "STORE_UNAVAILABLE", "READONLY");
  });

  it("is fed by a login that can write its keys alone, and read by one that can only read", async () => {
    server = await openPrivateRedis();
    const own = ["~{sample:*", "+@read", "+@scripting", "+@connection", "+info"];
    await administer("ACL", "SETUSER", "projector", "on", ">p", "+@write", ...own);
    await administer("ACL", "SETUSER", "reader", "on", ">r", ...own);
    const url = `${server.url.slice(0, -1)}3`;
    store = await takenStore(url.replace("//", "//projector:p@"), prefix);
    expect(await store.apply(batchOf(sampleEvents(1, 10)))).to.equal("applied");
    const reading = openStore(url.replace("//", "//reader:r@"), prefix);
    expect(await readRows(reading, "entries")).to.deep.equal(await readRows(store, "entries"));
    for (const call of [
      () => reading.take(PARTITION, LOG_ID),
      () => reading.drop(),
      () => reading.create(),
    ]) {
      expectRefusal(await rejection(call()), "STORE_REFUSED", "NOPERM");
    }
    const next = { ...batchOf([]), expected: 10, next: 11 };
    expectRefusal(await rejection(reading.apply(next)), "STORE_REFUSED", "script");
    const foreign = openStore(url.replace("//", "//projector:p@"), generationPrefix("other", 1));
    expectRefusal(await rejection(foreign.create()), "STORE_REFUSED", "NOPERM");
    await store.drop();
    await reading.close();
    await foreign.close();
  });

  it("says that a server wants a password", async () => {
    server = await openPrivateRedis();
    store = await takenStore(server.url, prefix);
    await administer("ACL", "SETUSER", "default", ">s3cret-of-the-server");
    const unknown = openStore(server.url, prefix);
    expectRefusal(await rejection(unknown.create()), "STORE_REFUSED", "NOAUTH");
    await unknown.close();
  });

  it("gives a server up that does not answer, and goes on with it when it does", async () => {
    server = await openPrivateRedis();
    store = await takenStore(server.url, prefix);
    const batch = batchOf(sampleEvents(1, 10));
    process.kill(server.pid, "SIGSTOP");
    const error = await rejection(store.apply(batch));
    expectRefusal(error, "STORE_UNAVAILABLE", "timed out");
    expectRefusal(await rejection(store.apply(batch)), "STORE_UNAVAILABLE", "no greeting");
    process.kill(server.pid, "SIGCONT");
    // The first one may have been carried out when the server woke up: nobody knows, none doubles.
    expect(await store.apply(batch)).to.be.oneOf(["applied", "behind"]);
    expect((await store.checkpoints()).get(PARTITION)?.next).to.equal(10);
  });
});
