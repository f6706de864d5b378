import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { openLogReading } from "../../platform/log/places.ts";
import type { ReadStore } from "../../projections/runner/read-store.ts";
import { NO_SERVERS, openStore } from "../../projections/stores.ts";
import { deleteKafkaTopics } from "../contracts/log/kafka-server.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { KillClients } from "../kill-clients.ts";
import { type SpawnedPlatform, spawnPlatform } from "../platform-process.ts";
import { compareWithFresh, type PlatformPlace } from "../rebuild-rows.ts";
import { kafkaEnvironment, logPlaceOf } from "./kafka-platform.ts";
import { describeWithServers, type TemporaryDatabase, temporaryDatabase } from "./servers.ts";

const KILLS = Number(process.env["KILLS"] ?? 4);
const PROJECTORS = 2;
const LONGEST_LIFE_MILLISECONDS = 12_000;
const CAUGHT_UP_WITHIN_MILLISECONDS = 120_000;
const LOOK_EVERY_MILLISECONDS = 200;
/** What PostgreSQL holds, which both processes reach. */
const SHARED = [
  { projection: "portfolios", topic: "portfolio.events" },
  { projection: "equity-curve", topic: "risk.events" },
] as const;

describeWithServers(
  "two projector processes of one read model",
  ["CH_KAFKA_BROKERS", "CH_POSTGRES_URL", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(600_000);
    const prefix = `test-${randomUUID()}.`;
    const processes: SpawnedPlatform[] = [];
    let folder: string;
    let database: TemporaryDatabase;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-projectors-"));
      database = await temporaryDatabase();
    });

    after(async () => {
      await Promise.all(processes.map((one) => one.kill()));
      rmSync(folder, { recursive: true, force: true });
      await database.drop();
      await deleteKafkaTopics(prefix);
    });

    it(`leaves it as built from zero, whichever is killed, ${KILLS} times under load`, async () => {
      const random = createRandom(printedSeed());
      const environment = { ...kafkaEnvironment(prefix), CH_POSTGRES_URL: database.url };
      const commandSide = spawnPlatform(join(folder, "command-side"), environment, "command-side");
      processes.push(commandSide);
      const url = await commandSide.ready();
      const spawn = (index: number) => {
        const own = { ...environment, CH_COMMAND_URL: url };
        processes[1 + index] = spawnPlatform(join(folder, String(index)), own, "projections");
      };
      for (let index = 0; index < PROJECTORS; index += 1) spawn(index);
      const clients = new KillClients(random);
      clients.serveAt(url);
      await clients.start();
      const place = {
        stores: { folder, servers: { ...NO_SERVERS, postgres: database.url } },
        log: logPlaceOf(folder, prefix),
      };
      await untilFed(place, "portfolios");
      for (let i = 0; i < KILLS; i += 1) {
        await sleep(random.uniform() * LONGEST_LIFE_MILLISECONDS);
        await processes[1 + (i % PROJECTORS)]?.kill();
        spawn(i % PROJECTORS);
      }
      await clients.finish();
      // Its process managers would go on to write.
      expect(await commandSide.stop(), commandSide.messages()).to.equal(0);
      for (const { projection, topic } of SHARED) {
        await untilCaughtUp(place, projection, topic);
        const { rows, differences } = await compareWithFresh(place, projection, 1);
        expect(differences, projection).to.deep.equal([]);
        print(`${projection}: ${rows} rows as built from zero`);
      }
    });
  },
);

function untilFed(place: PlatformPlace, projection: string): Promise<void> {
  return untilCheckpoints(place, projection, (checkpoints) => checkpoints.size > 0);
}

async function untilCaughtUp(
  place: PlatformPlace,
  projection: string,
  topic: string,
): Promise<void> {
  const { log, close } = await openLogReading(place.log);
  const ends = await log.ends(topic);
  await close();
  await untilCheckpoints(place, projection, (checkpoints) => {
    return ends.every((end, partition) => {
      return (checkpoints.get(`${topic}/${partition}`)?.next ?? 0) >= end;
    });
  });
}

async function untilCheckpoints(
  { stores }: PlatformPlace,
  projection: string,
  hold: (checkpoints: Awaited<ReturnType<ReadStore["checkpoints"]>>) => boolean,
): Promise<void> {
  const store = await openStore(stores, projection, 1);
  const deadline = performance.now() + CAUGHT_UP_WITHIN_MILLISECONDS;
  try {
    await store.create();
    while (!hold(await store.checkpoints())) {
      if (performance.now() > deadline) throw new Error(`${projection} does not catch up`);
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  } finally {
    await store.close();
  }
}
