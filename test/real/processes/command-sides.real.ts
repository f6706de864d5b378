import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom, type Random } from "../../../cli/demo/random.ts";
import { deleteKafkaTopics } from "../../contracts/log/kafka-server.ts";
import { print, printedSeed } from "../../contracts/log/seed.ts";
import { KillClients } from "../../kill-clients.ts";
import { type SpawnedPlatform, spawnPlatform } from "../../platform-process.ts";
import { expectNothingLost } from "../expect-nothing-lost.ts";
import { kafkaEnvironment, logPlaceOf } from "../kafka-platform.ts";
import { idsIn, ownedPartitions } from "../owned-partitions.ts";
import { describeWithServers } from "../servers.ts";
import { askStaleOwner } from "../stale-owner.ts";

/** `DISTURBANCES=60` for a long run; `TEST_SEED` draws the same again. */
const DISTURBANCES = Number(process.env["DISTURBANCES"] ?? 6);
const PROCESSES = 3;
const LONGEST_CALM_MILLISECONDS = 2_000;
/** Longer than a session: it comes back when its partitions are another's. */
const STOPPED_MILLISECONDS = 8_000;
const SERVED_AGAIN_WITHIN_MILLISECONDS = 120_000;
const SHARED_WITHIN_MILLISECONDS = 120_000;
const LOOK_EVERY_MILLISECONDS = 20;
const MILLISECONDS_PER_DISTURBANCE = 240_000;

const KINDS = ["killed", "stopped", "told to end"] as const;

describeWithServers(
  "three command sides on Kafka",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(DISTURBANCES * MILLISECONDS_PER_DISTURBANCE + MILLISECONDS_PER_DISTURBANCE);
    let folder: string;
    let prefix: string;
    let sides: CommandSides;

    before(() => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-sides-"));
      prefix = `test-${randomUUID()}.`;
      sides = new CommandSides(folder, prefix, createRandom(printedSeed()));
    });

    after(async () => {
      await sides.end();
      rmSync(folder, { recursive: true, force: true });
      await deleteKafkaTopics(prefix);
    });

    it(`lose nothing acknowledged and double nothing, whichever goes, ${DISTURBANCES} times`, async () => {
      await sides.start();
      await sides.expectShared();
      for (let i = 0; i < DISTURBANCES; i += 1) await sides.disturb(i);
      await sides.clients.finish();
      await expectNothingLost(logPlaceOf(folder, prefix), sides.clients);
      sides.report();
    });

    it("decide nothing any more once their partitions have moved, woken up after that", async () => {
      await sides.expectShared();
      const [stale, other] = sides.processes as [SpawnedPlatform, SpawnedPlatform];
      await askStaleOwner(stale, await other.ready());
    });
  },
);

/** Processes of one platform, each with a folder of its own, and clients that use any of them. */
class CommandSides {
  readonly clients: KillClients;
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #random: Random;
  readonly processes: SpawnedPlatform[] = [];
  #probes = 0;
  readonly #pausesMs: Record<string, number[]> = {};

  constructor(folder: string, prefix: string, random: Random) {
    this.#folder = folder;
    this.#random = random;
    this.clients = new KillClients(random);
    this.#environment = kafkaEnvironment(prefix);
  }

  async start(): Promise<void> {
    for (let i = 0; i < PROCESSES; i += 1) this.processes.push(this.#spawn(i));
    const urls = await Promise.all(this.processes.map((one) => one.ready()));
    this.clients.serveAt(urls[0] as string);
    await this.clients.start();
  }

  /** Each partition is one process's, and each process has its share of every topic of four. */
  async expectShared(): Promise<void> {
    const urls = await Promise.all(this.processes.map((one) => one.ready()));
    const deadline = performance.now() + SHARED_WITHIN_MILLISECONDS;
    for (const topic of ["portfolio.events", "market.events"]) {
      const shares = () => Promise.all(urls.map((url) => ownedPartitions(url, topic)));
      let owned = await shares();
      while (!isShared(owned) && performance.now() < deadline) {
        await sleep(LOOK_EVERY_MILLISECONDS);
        owned = await shares();
      }
      expect(isShared(owned), `${topic}: ${JSON.stringify(owned)}`).to.equal(true);
    }
  }

  /** One of them goes, and comes back; the clients are told of another. */
  async disturb(round: number): Promise<void> {
    await sleep(this.#random.uniform() * LONGEST_CALM_MILLISECONDS);
    const index = round % PROCESSES;
    const kind = KINDS[Math.floor(round / PROCESSES) % KINDS.length] as (typeof KINDS)[number];
    const victim = this.processes[index] as SpawnedPlatform;
    const other = await (this.processes[(index + 1) % PROCESSES] as SpawnedPlatform).ready();
    const lost = await ownedPartitions(await victim.ready(), "market.events");
    const startedMs = performance.now();
    this.clients.serveAt(other);
    const back = this.#strike(kind, victim);
    await this.#answeredIn(lost, other);
    const pauses = this.#pausesMs[kind] ?? [];
    pauses.push(Math.round(performance.now() - startedMs));
    this.#pausesMs[kind] = pauses;
    await back;
    if (kind !== "stopped") this.processes[index] = this.#spawn(index);
    await this.processes[index]?.ready();
  }

  report(): void {
    const { commands, feeds } = this.clients;
    const ticks = feeds.reduce((total, { answered }) => total + answered, 0);
    print(
      `${commands.length} commands, ${ticks} ticks; until all that one had is served again, in ms:`,
    );
    for (const [kind, pauses] of Object.entries(this.#pausesMs)) {
      print(`  ${kind}: ${pauses.join(", ")}`);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.processes.map((one) => one.kill()));
  }

  #spawn(index: number): SpawnedPlatform {
    const folder = join(this.#folder, String(index));
    return spawnPlatform(folder, this.#environment, "command-side");
  }

  async #strike(kind: (typeof KINDS)[number], { child, kill, stop }: SpawnedPlatform) {
    switch (kind) {
      case "killed":
        return kill();
      case "told to end":
        return void (await stop());
      case "stopped":
        child.kill("SIGSTOP");
        await sleep(STOPPED_MILLISECONDS);
        child.kill("SIGCONT");
    }
  }

  /** A new command of each of these partitions is accepted, wherever its owner is by now. */
  async #answeredIn(partitions: readonly number[], url: string): Promise<void> {
    const deadline = performance.now() + SERVED_AGAIN_WITHIN_MILLISECONDS;
    const ids = partitions.flatMap((one) => {
      return idsIn([one], 1, (number) => `binance:PROBE${this.#probes}X${number}-USDT`);
    });
    this.#probes += 1;
    for (const id of ids) {
      while (!(await isRegistered(id, url))) {
        if (performance.now() > deadline) throw new Error(`nobody takes commands for ${id}`);
        await sleep(LOOK_EVERY_MILLISECONDS);
      }
    }
  }
}

async function isRegistered(id: string, url: string): Promise<boolean> {
  const [exchange, pair = ""] = id.split(":");
  const [base, quote] = pair.split("-");
  const steps = { priceStep: "0.01", quantityStep: "0.0001" };
  const body = JSON.stringify({ exchange, symbol: `${base}${quote}`, base, quote, ...steps });
  const headers = { "Content-Type": "application/json" };
  const path = `${url}/v1/instruments/${id}/register-instrument`;
  // A connection that breaks is no answer; the same is sent again.
  const answer = await fetch(path, { method: "POST", headers, body }).catch(() => null);
  if (answer === null) return false;
  const { code } = JSON.parse(await answer.text());
  if (!answer.ok && answer.status !== 503 && code !== "INSTRUMENT_ALREADY_REGISTERED") {
    throw new Error(`${id} answered ${answer.status} ${code}`);
  }
  return answer.status !== 503;
}

/** Nothing twice, nothing left out, and nobody without. */
function isShared(owned: readonly (readonly number[])[]): boolean {
  const all = owned.flat().toSorted();
  return owned.every(({ length }) => length > 0) && String(all) === String([0, 1, 2, 3]);
}
