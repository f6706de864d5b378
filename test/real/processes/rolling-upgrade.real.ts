import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../../../cli/demo/random.ts";
import { strategy } from "../../../command-side/contexts/strategies/strategy/index.ts";
import { snapshotVersion } from "../../../command-side/snapshots/state-chunks.ts";
import { OWNER_KEY } from "../../../platform/codec/codec.ts";
import type { PlatformEvent } from "../../../schemas/generated/platform.ts";
import { deleteKafkaTopics } from "../../contracts/log/kafka-server.ts";
import { print, printedSeed } from "../../contracts/log/seed.ts";
import { eventsOf, type ReadHistory, recordsOf, withHistory } from "../../history/read-history.ts";
import { KillClients } from "../../kill-clients.ts";
import { type SpawnedPlatform, spawnPlatform } from "../../platform-process.ts";
import { expectNothingLost } from "../expect-nothing-lost.ts";
import { kafkaEnvironment, logPlaceOf } from "../kafka-platform.ts";
import { copyNewerCode } from "../newer-code.ts";
import { ownedPartitions } from "../owned-partitions.ts";
import { describeWithServers } from "../servers.ts";
import { type SealedSet, sealedSets } from "../snapshot-sets.ts";
import { type ToldFold, toldFolds } from "../told-folds.ts";

const TOPIC = "strategies.events";
const SNAPSHOTS = "strategies.snapshots";
const PARTITIONS = [0, 1, 2, 3];
/** Few, so that every partition of strategies has snapshots within seconds. */
const SNAPSHOT_EVENTS = 30;
const PACE = { thinkingMs: 400, ticksPerRequest: 100 };
/** Answered while both versions own partitions. */
const ANSWERED_MEANWHILE = 300;
const WITHIN_MILLISECONDS = 240_000;
const LOOK_EVERY_MILLISECONDS = 500;

const VERSIONS = {
  older: snapshotVersion(strategy),
  newer: snapshotVersion({ stateVersion: strategy.stateVersion + 1 }),
} as const;
type Code = keyof typeof VERSIONS;

describeWithServers(
  "two command sides, one after another replaced by newer code and then by the older again",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(900_000);
    let folder: string;
    let prefix: string;
    let upgrade: RollingUpgrade;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-upgrade-"));
      prefix = `test-${randomUUID()}.`;
      upgrade = new RollingUpgrade(folder, prefix);
      await upgrade.run();
    });

    after(async () => {
      await upgrade.end();
      rmSync(folder, { recursive: true, force: true });
      await deleteKafkaTopics(prefix);
    });

    it("own partitions at the same time, whatever their versions, and answer meanwhile", () => {
      const stages = [
        "older, older",
        "newer, older",
        "newer, newer",
        "older, newer",
        "older, older",
      ];
      expect(upgrade.stages).to.deep.equal(stages);
    });

    it("lose nothing acknowledged and double nothing", async () => {
      await expectNothingLost(logPlaceOf(folder, prefix), upgrade.clients);
    });

    it("count a strategy's versions without a hole, whoever decides the next", async () => {
      const holes = await withHistory(logPlaceOf(folder, prefix), findVersionHoles);
      expect(holes).to.deep.equal([]);
    });

    it("keep snapshots of both versions side by side", async () => {
      const kept = (await sealedSets(prefix, TOPIC, SNAPSHOTS)).filter(({ isKept }) => isKept);
      for (const version of Object.values(VERSIONS)) {
        const ofVersion = kept.filter((set) => set.version === version);
        const partitions = new Set(ofVersion.map(({ partition }) => partition));
        expect([...partitions].sort(), version).to.deep.equal(PARTITIONS);
      }
    });

    it("begin with snapshots of their own version alone", async () => {
      const sets = await sealedSets(prefix, TOPIC, SNAPSHOTS);
      const [, , firstNewer] = upgrade.processes as [Served, Served, Served];
      expect(firstNewer.folds().map(({ snapshot }) => snapshot)).to.deep.equal([0, 0, 0, 0]);
      for (const { code, folds } of upgrade.processes.slice(3)) {
        const strangers = folds().filter((fold) => !isOf(fold, sets, VERSIONS[code]));
        expect(strangers, code).to.deep.equal([]);
        expect(folds().filter(({ snapshot }) => snapshot > 0)).to.have.length(PARTITIONS.length);
      }
    });

    it("write snapshots of a version that has none before they own any partition", async () => {
      const [, , { process }] = upgrade.processes as [Served, Served, Served];
      const claimed = await claimsOf(logPlaceOf(folder, prefix), process.child.pid as number);
      const sets = await sealedSets(prefix, TOPIC, SNAPSHOTS);
      expect(claimed).to.have.length.above(0);
      for (const { partition, position } of claimed) {
        const before = sets.filter((set) => {
          return set.version === VERSIONS.newer && set.partition === partition;
        });
        expect(before.some(({ through }) => through <= position)).to.equal(true);
      }
    });
  },
);

/** One process, with what it has said of its folds. */
interface Served {
  readonly code: Code;
  readonly process: SpawnedPlatform;
  /** The first of each partition of strategies. */
  readonly folds: () => readonly ToldFold[];
}

class RollingUpgrade {
  readonly clients = new KillClients(createRandom(printedSeed()), PACE);
  /** Every process that there was, in order. */
  readonly processes: Served[] = [];
  /** Which codes owned partitions of every topic at the same time, and answered commands. */
  readonly stages: string[] = [];
  readonly #startedMs = performance.now();
  readonly #folder: string;
  readonly #prefix: string;
  readonly #newer: string;
  readonly #serving: Served[] = [];

  constructor(folder: string, prefix: string) {
    this.#folder = folder;
    this.#prefix = prefix;
    this.#newer = copyNewerCode(join(folder, "newer"), strategy.stateVersion + 1);
  }

  async run(): Promise<void> {
    for (const place of [0, 1]) this.#serving[place] = this.#spawn("older", place);
    this.clients.serveAt(...(await this.#urls()));
    await this.clients.start();
    await this.#stage();
    await this.#untilSnapshotsOf("older");
    for (const code of ["newer", "older"] as const) {
      for (const place of [0, 1]) {
        await this.#replace(place, code);
        await this.#stage();
      }
    }
    await this.clients.finish();
  }

  async end(): Promise<void> {
    await Promise.all(this.processes.map(({ process }) => process.kill()));
  }

  async #replace(place: number, code: Code): Promise<void> {
    const before = this.#serving[place] as Served;
    const other = this.#serving[1 - place] as Served;
    this.clients.serveAt(await other.process.ready());
    expect(await before.process.stop(), before.process.messages()).to.equal(0);
    this.#serving[place] = this.#spawn(code, place);
    this.clients.serveAt(...(await this.#urls()));
  }

  #spawn(code: Code, place: number): Served {
    const environment = {
      ...kafkaEnvironment(this.#prefix),
      CH_SNAPSHOT_EVENTS: String(SNAPSHOT_EVENTS),
      CH_LOG_LEVEL: "debug",
    };
    const program = code === "newer" ? { launcher: this.#newer } : {};
    const folder = join(this.#folder, String(place));
    const process = spawnPlatform(folder, environment, "command-side", program);
    const served = { code, process, folds: toldFolds(process, TOPIC) };
    this.processes.push(served);
    return served;
  }

  /** Both own partitions of every topic that has several, and both decide. */
  async #stage(): Promise<void> {
    for (const topic of [TOPIC, "portfolio.events"]) {
      await until(async () => {
        const owned = await Promise.all(
          (await this.#urls()).map((url) => ownedPartitions(url, topic)),
        );
        const isShared = owned.every(({ length }) => length > 0);
        return isShared && String(owned.flat().sort()) === String(PARTITIONS);
      }, `${topic} is shared`);
    }
    const answered = this.clients.answered + ANSWERED_MEANWHILE;
    await until(async () => {
      this.clients.throwFailure();
      return this.clients.answered > answered;
    }, "commands are answered");
    const stage = this.#serving.map(({ code }) => code).join(", ");
    this.stages.push(stage);
    const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(1);
    print(`${stage} after ${seconds} s, ${this.clients.answered} commands answered`);
  }

  async #untilSnapshotsOf(code: Code): Promise<void> {
    await until(async () => {
      const sets = await sealedSets(this.#prefix, TOPIC, SNAPSHOTS);
      const ofVersion = sets.filter(({ version }) => version === VERSIONS[code]);
      return new Set(ofVersion.map(({ partition }) => partition)).size === PARTITIONS.length;
    }, `there are snapshots of the ${code} code`);
  }

  #urls(): Promise<readonly string[]> {
    return Promise.all(this.#serving.map(({ process }) => process.ready()));
  }
}

function isOf(
  { partition, snapshot }: ToldFold,
  sets: readonly SealedSet[],
  version: string,
): boolean {
  return sets.some((set) => {
    return set.version === version && set.partition === partition && set.position === snapshot;
  });
}

/** A version is one more than what the state says, in the field that the newer code renames. */
async function findVersionHoles(history: ReadHistory): Promise<readonly string[]> {
  const versions = new Map<string, number>();
  const holes: string[] = [];
  for await (const { aggregateId, event } of eventsOf(history, TOPIC)) {
    const { version } = event.data as { readonly version: number };
    const expected = (versions.get(aggregateId) ?? 0) + 1;
    if (version !== expected) holes.push(`${aggregateId}: ${version}, not ${expected}`);
    versions.set(aggregateId, expected);
  }
  return holes;
}

/** The first claim of each partition by a process. */
async function claimsOf(place: ReturnType<typeof logPlaceOf>, pid: number) {
  return withHistory(place, async ({ log, codec }) => {
    const first = new Map<number, number>();
    for await (const { partition, record } of recordsOf(log, TOPIC)) {
      if (record.key !== OWNER_KEY || first.has(partition)) continue;
      await codec.prepare([record]);
      const event = codec.decode(TOPIC, partition, record).event as PlatformEvent;
      const isIts = event.type === "PartitionClaimed" && event.data.owner.includes(` pid ${pid} `);
      if (isIts) first.set(partition, record.position);
    }
    return [...first].map(([partition, position]) => ({ partition, position }));
  });
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + WITHIN_MILLISECONDS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not come to that in time: ${what}`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}
