import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom, type Random } from "../../cli/demo/random.ts";
import type { LogPlace } from "../../platform/log/places.ts";
import { verifyLog } from "../../platform/log/verify.ts";
import { deleteKafkaTopics } from "../contracts/log/kafka-server.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { checkHistory, checkLog } from "../history/checker.ts";
import { loggedEvents, tradeIdsByInstrument, withHistory } from "../history/read-history.ts";
import { KillClients } from "../kill-clients.ts";
import { type SpawnedPlatform, spawnPlatform } from "../platform-process.ts";
import { kafkaEnvironment, logPlaceOf } from "./kafka-platform.ts";
import { describeWithServers } from "./servers.ts";

/** `DISTURBANCES=60` for a long run; `TEST_SEED` draws the same again. */
const DISTURBANCES = Number(process.env["DISTURBANCES"] ?? 6);
const PROCESSES = 3;
const LONGEST_CALM_MILLISECONDS = 2_000;
/** Longer than a session: it comes back when its partitions are another's. */
const STOPPED_MILLISECONDS = 8_000;
const SERVED_AGAIN_WITHIN_MILLISECONDS = 60_000;
const LOOK_EVERY_MILLISECONDS = 20;
const MILLISECONDS_PER_DISTURBANCE = 90_000;

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
      for (let i = 0; i < DISTURBANCES; i += 1) await sides.disturb(i);
      await sides.clients.finish();
      await expectNothingLost(logPlaceOf(folder, prefix), sides.clients);
      sides.report();
    });
  },
);

/** Processes of one platform, each with a folder of its own, and clients that use any of them. */
class CommandSides {
  readonly clients: KillClients;
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #random: Random;
  readonly #processes: SpawnedPlatform[] = [];
  readonly #pausesMs: Record<string, number[]> = {};

  constructor(folder: string, prefix: string, random: Random) {
    this.#folder = folder;
    this.#random = random;
    this.clients = new KillClients(random);
    this.#environment = kafkaEnvironment(prefix);
  }

  async start(): Promise<void> {
    for (let i = 0; i < PROCESSES; i += 1) this.#processes.push(this.#spawn(i));
    const urls = await Promise.all(this.#processes.map((one) => one.ready()));
    this.clients.serveAt(urls[0] as string);
    await this.clients.start();
  }

  /** One of them goes, and comes back; the clients are told of another. */
  async disturb(round: number): Promise<void> {
    await sleep(this.#random.uniform() * LONGEST_CALM_MILLISECONDS);
    const index = round % PROCESSES;
    const kind = KINDS[Math.floor(round / PROCESSES) % KINDS.length] as (typeof KINDS)[number];
    const victim = this.#processes[index] as SpawnedPlatform;
    const other = await (this.#processes[(index + 1) % PROCESSES] as SpawnedPlatform).ready();
    const answered = this.clients.answered;
    const startedMs = performance.now();
    this.clients.serveAt(other);
    const back = this.#strike(kind, victim);
    await this.#answeredSince(answered);
    const pauses = this.#pausesMs[kind] ?? [];
    pauses.push(Math.round(performance.now() - startedMs));
    this.#pausesMs[kind] = pauses;
    await back;
    if (kind !== "stopped") this.#processes[index] = this.#spawn(index);
    await this.#processes[index]?.ready();
  }

  report(): void {
    const { commands, feeds } = this.clients;
    const ticks = feeds.reduce((total, { answered }) => total + answered, 0);
    print(`${commands.length} commands, ${ticks} ticks; until the next answer, in ms:`);
    for (const [kind, pauses] of Object.entries(this.#pausesMs)) {
      print(`  ${kind}: ${pauses.join(", ")}`);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.kill()));
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

  async #answeredSince(before: number): Promise<void> {
    const deadline = performance.now() + SERVED_AGAIN_WITHIN_MILLISECONDS;
    while (this.clients.answered === before) {
      if (performance.now() > deadline) throw new Error("nobody takes commands any more");
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  }
}

async function expectNothingLost(place: LogPlace, clients: KillClients): Promise<void> {
  await withHistory(place, async (history) => {
    const topics = ["portfolio.events", "social.events", "strategies.events"];
    const all = await Promise.all(topics.map((topic) => loggedEvents(history.log, topic)));
    expect(checkHistory(clients.commands, all.flat()).slice(0, 10)).to.deep.equal([]);
    expect(checkLog(await loggedEvents(history.log, "market.events"))).to.deep.equal([]);
    expect(clients.commands.every(({ acknowledged }) => acknowledged !== null)).to.equal(true);
    const verified = await verifyLog(history);
    expect(verified.partitions.flatMap(({ problems }) => problems)).to.deep.equal([]);
    expect(verified).to.include({ isSound: true, voidEvents: 0 });
    const byInstrument = await tradeIdsByInstrument(history);
    for (const { instrumentId, answered } of clients.feeds) {
      const ids = byInstrument.get(instrumentId) ?? [];
      expect([ids.length, new Set(ids).size], instrumentId).to.deep.equal([answered, answered]);
    }
  });
}
