import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { openLogReading } from "../../platform/log/places.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { GenerationDropper, openStore, type StorePlace } from "../../projections/stores.ts";
import { deleteKafkaTopics } from "../contracts/log/kafka-server.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { KillClients } from "../kill-clients.ts";
import { type SpawnedPlatform, spawnPlatform } from "../platform-process.ts";
import { compareWithFresh, type PlatformPlace } from "../rebuild-rows.ts";
import { freePort } from "./free-port.ts";
import { kafkaEnvironment, logPlaceOf } from "./kafka-platform.ts";
import { INFLUX_START_MS, type PrivateInflux, startPrivateInflux } from "./private-influx.ts";
import { openPrivateRedis, type PrivateRedis } from "./private-redis.ts";
import { type ProjectorProcess, startProjector, untilSo } from "./projector-process.ts";
import {
  describeWithServers,
  mongoUrl,
  type TemporaryDatabase,
  temporaryDatabase,
} from "./servers.ts";

/** One after the other: SIGKILL and a new one, SIGSTOP for longer than a session, SIGTERM. */
const DISTURBANCES = Number(process.env["DISTURBANCES"] ?? 3);
const SESSION_MILLISECONDS = 6_000;
const ASLEEP_MILLISECONDS = SESSION_MILLISECONDS + 3_000;
const LONGEST_CALM_MILLISECONDS = 4_000;
const PARTITIONS = 4;
/** Steady: each row is read back in the end, and each tick is one. */
const PACE = { thinkingMs: 100, ticksPerRequest: 50 };
/** What several processes share, on four kinds of server. */
const SHARED = [
  { projection: "portfolios", topic: "portfolio.events" },
  { projection: "equity-curve", topic: "risk.events" },
  { projection: "risk", topic: "risk.events" },
  { projection: "strategies", topic: "strategies.events" },
  { projection: "ticks-and-candles", topic: "market.events" },
] as const;
const NAMES = SHARED.map(({ projection }) => projection);
/** Rebuilt while it is disturbed. */
const REBUILT = "portfolios";

describeWithServers(
  "projector processes that share read models",
  ["CH_KAFKA_BROKERS", "CH_POSTGRES_URL", "CH_MONGO_URL", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(3_600_000);
    const prefix = `test-${randomUUID()}.`;
    const others: SpawnedPlatform[] = [];
    const projectors: ProjectorProcess[] = [];
    let folder: string;
    let database: TemporaryDatabase;
    let redis: PrivateRedis;
    let influx: PrivateInflux | null;
    let stores: StorePlace;
    let environment: Readonly<Record<string, string>>;

    before(async function () {
      this.timeout(INFLUX_START_MS);
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-projectors-"));
      database = await temporaryDatabase();
      redis = await openPrivateRedis();
      influx = await startPrivateInflux();
      if (influx === null) return this.skip();
      const mongo = new URL(mongoUrl());
      mongo.pathname = `/ch_test_${randomUUID().replaceAll("-", "")}`;
      const servers = { postgres: database.url, redis: redis.url, mongo: mongo.href, neo4j: null };
      stores = { folder, servers: { ...servers, influx: influx.url } };
      environment = {
        ...kafkaEnvironment(prefix),
        CH_POSTGRES_URL: database.url,
        CH_REDIS_URL: redis.url,
        CH_MONGO_URL: mongo.href,
        CH_INFLUX_URL: influx.url,
      };
    });

    after(async () => {
      await Promise.all([...projectors, ...others].map((one) => one.kill()));
      await database.drop();
      await redis.remove();
      await influx?.destroy();
      rmSync(folder, { recursive: true, force: true });
      await deleteKafkaTopics(prefix);
      const dropper = new GenerationDropper(stores);
      await dropper.drop("strategies", 1);
      await dropper.close();
    });

    /** The first two on one machine's data folder, the others on others'. */
    async function spawn(index: number): Promise<void> {
      const own = join(folder, index < 2 ? "machine" : String(index));
      projectors[index] = await startProjector({ folder: own, environment, names: NAMES });
    }

    /** Each partition is fed by one of these, as many by each, and all have something to do. */
    async function untilShared(
      among: readonly ProjectorProcess[],
      since: (one: ProjectorProcess) => number = () => 0,
    ) {
      const least = Math.floor(PARTITIONS / among.length);
      const figuresOf = (name: string) => Promise.all(among.map((one) => one.figures(name)));
      const isShared = async (name: string) => {
        const figures = await figuresOf(name);
        const sum = figures.reduce((all, { partitions }) => all + partitions, 0);
        return sum === PARTITIONS && figures.every(({ partitions }) => partitions >= least);
      };
      const isApplying = async (name: string) => {
        const figures = await figuresOf(name);
        return figures.every(({ events }, i) => events > since(among[i] as ProjectorProcess));
      };
      const tell = async () => {
        const all = NAMES.map(async (name) => `${name}: ${JSON.stringify(await figuresOf(name))}`);
        const said = among.map((one) => one.messages().slice(-2_000)).join("\n");
        return `${(await Promise.all(all)).join("; ")}\n${said}`;
      };
      for (const name of NAMES) await untilSo(() => isShared(name), tell);
      await untilSo(() => isApplying(REBUILT), tell);
    }

    it(`leaves them as built from zero, ${DISTURBANCES} disturbances under load`, async () => {
      const random = createRandom(printedSeed());
      const commandSide = spawnPlatform(join(folder, "command-side"), environment, "command-side");
      others.push(commandSide);
      const url = await commandSide.ready();
      environment = { ...environment, CH_COMMAND_URL: url };
      await Promise.all([spawn(0), spawn(1)]);
      const clients = new KillClients(random, PACE);
      clients.serveAt(url);
      await clients.start();
      await untilShared(projectors);
      await spawn(2);
      await untilShared(projectors);
      await expectTold();
      print("three processes, of which one joined late, apply their shares");
      await startRebuild(url);
      for (let i = 0; i < DISTURBANCES; i += 1) {
        await sleep(random.uniform() * LONGEST_CALM_MILLISECONDS);
        const kind = (["SIGKILL", "SIGSTOP", "SIGTERM"] as const)[i % 3] ?? "SIGKILL";
        await disturb(i % projectors.length, kind);
        print(`${kind}: its partitions were taken over, and are shared again`);
      }
      await clients.finish();
      // Its process managers would go on to write.
      expect(await commandSide.stop(), commandSide.messages()).to.equal(0);
      const place = { stores, log: logPlaceOf(folder, prefix) };
      for (const { projection, topic } of SHARED) {
        const generation = projection === REBUILT ? 2 : 1;
        await untilCaughtUp(place, { projection, generation, topic });
        const { rows, differences } = await compareWithFresh(place, projection, generation);
        expect(differences, projection).to.deep.equal([]);
        expect(rows, projection).to.be.above(0);
        print(`${projection} generation ${generation}: ${rows} rows as built from zero`);
      }
    });

    /** A query API names the process that feeds each partition; each of ours feeds some. */
    async function expectTold(): Promise<void> {
      const port = String(await freePort());
      const own = { ...environment, CH_PORT: port };
      const queryApi = spawnPlatform(join(folder, "query-api"), own, "query-api");
      others.push(queryApi);
      const all = projectors.map(({ pid }) => `${hostname()} pid ${pid}`).toSorted();
      let told = "nothing";
      const isTold = async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/projections/${REBUILT}`);
        told = await answer.text();
        const { data } = JSON.parse(told) as ToldProjection;
        const fedBy = data.generations.find(({ phase }) => phase === "live")?.fedBy ?? {};
        const feeders = [...new Set(Object.values(fedBy))].toSorted();
        return Object.keys(fedBy).length === PARTITIONS && isDeepStrictEqual(feeders, all);
      };
      await untilSo(isTold, async () => `${told}\n${queryApi.messages()}`);
      expect(await queryApi.stop(), queryApi.messages()).to.equal(0);
    }

    async function disturb(index: number, kind: "SIGKILL" | "SIGSTOP" | "SIGTERM"): Promise<void> {
      const victim = projectors[index] as ProjectorProcess;
      const rest = projectors.filter((one) => one !== victim);
      const [before] = await eventsOf(rest.slice(0, 1));
      if (kind === "SIGTERM") expect(await victim.stop(), victim.messages()).to.equal(0);
      else victim.child.kill(kind);
      if (kind === "SIGSTOP") await sleep(ASLEEP_MILLISECONDS);
      await untilShared(rest, (one) => (one === rest[0] ? (before ?? 0) : -1));
      if (kind === "SIGSTOP") victim.child.kill("SIGCONT");
      else await spawn(index);
      await untilShared(projectors);
    }

    async function eventsOf(all: readonly ProjectorProcess[]): Promise<number[]> {
      return Promise.all(all.map(async (one) => (await one.figures(REBUILT)).events));
    }
  },
);

interface ToldProjection {
  readonly data: {
    readonly generations: readonly {
      readonly phase: string;
      readonly fedBy: Readonly<Record<string, string>> | null;
    }[];
  };
}

async function startRebuild(url: string): Promise<void> {
  const { version } = registeredProjection(REBUILT).projection;
  const answer = await fetch(`${url}/v1/projections/${REBUILT}/start-generation`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": randomUUID() },
    body: JSON.stringify({ version, reason: "shared among processes, too" }),
  });
  expect(answer.status, await answer.text()).to.be.below(300);
}

async function untilCaughtUp(
  { stores, log: logPlace }: PlatformPlace,
  { projection, generation, topic }: { projection: string; generation: number; topic: string },
): Promise<void> {
  const { log, close } = await openLogReading(logPlace);
  const ends = await log.ends(topic);
  await close();
  const store = await openStore(stores, projection, generation);
  const isCaughtUp = async () => {
    const checkpoints = await store.checkpoints();
    return ends.every((end, i) => (checkpoints.get(`${topic}/${i}`)?.next ?? 0) >= end);
  };
  try {
    await untilSo(isCaughtUp, async () => `${projection} does not catch up with ${ends}`);
  } finally {
    await store.close();
  }
}
