import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom, type Random } from "../cli/demo/random.ts";
import { verifyLog } from "../platform/log/verify.ts";
import { print, printedSeed } from "./contracts/log/seed.ts";
import { checkHistory, checkLog } from "./history/checker.ts";
import { loggedEvents, tradeIdsByInstrument, withHistory } from "./history/read-history.ts";
import { type Autopsy, Coroner, generationsOf } from "./kill-autopsy.ts";
import { KillClients } from "./kill-clients.ts";
import { type SpawnedPlatform, spawnPlatform } from "./platform-process.ts";
import { compareWithFresh, PROJECTIONS } from "./rebuild-rows.ts";
import { getJson, waitUntilCaughtUp } from "./rebuild-watch.ts";
import { jsonLines, type RunningCli, runCli, startCli } from "./run-cli.ts";

/** `KILLS=100` for a long run; `CH_TEST_SEED` draws the same times again. */
const KILLS = Number(process.env.KILLS ?? 12);
const LONGEST_LIFE_MILLISECONDS = 1_800;
const LONGEST_START_MILLISECONDS = 1_200;
const IMPORTED_TICKS = 60_000;
const MILLISECONDS_PER_KILL = 30_000;
const MILLISECONDS_AT_THE_END = 180_000;

/** What goes on beside the clients when the process is killed. */
type Scene = "serving" | "starting" | "rebuilding" | "importing";
const SCENES: readonly Scene[] = [
  ...["serving", "rebuilding", "importing", "serving", "starting", "importing"],
] as Scene[];

interface Round extends Autopsy {
  readonly scene: Scene;
  /** The import was neither finished nor not yet begun. */
  readonly importing: boolean;
}

describe("kill -9", function () {
  this.timeout(KILLS * MILLISECONDS_PER_KILL + MILLISECONDS_AT_THE_END);
  let folder: string;
  let running: SpawnedPlatform | null = null;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-kill-"));
    writeTicks(join(folder, "ticks.csv"));
  });

  after(async () => {
    await running?.kill();
    rmSync(folder, { recursive: true });
  });

  it(`loses nothing acknowledged and doubles nothing, ${KILLS} times`, async () => {
    const random = createRandom(printedSeed());
    const data = join(folder, "data");
    const clients = new KillClients(random);
    const coroner = new Coroner(data);
    const rounds: Round[] = [];
    let started: Promise<void> | null = null;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const scene = SCENES[kill % SCENES.length] as Scene;
      running = spawnPlatform(data);
      if (scene === "starting") await sleep(random.uniform() * LONGEST_START_MILLISECONDS);
      else clients.serveAt(await running.ready());
      started ??= clients.start();
      await started;
      const importing = await liveOn(scene, { data, random });
      clients.hold();
      await running.kill();
      const autopsy = await coroner.examine(await clients.settled());
      rounds.push({ ...autopsy, scene, importing: (await importing?.killed()) ?? false });
    }
    running = spawnPlatform(data);
    clients.serveAt(await running.ready());
    await clients.finish();
    const imported = await finishImport(data);
    await waitUntilCaughtUp(await running.ready());
    expect(await running.stop(), running.messages()).to.equal(0);
    report(rounds, clients);
    await expectNothingLost(data, clients);
    await expectTicksOnce(data, clients, imported);
    await expectRowsAsFromZero(data);
    expectEverythingWasHit(rounds);
  });

  /** Lets the platform serve for a random time, with what the scene adds. */
  async function liveOn(scene: Scene, parts: { data: string; random: Random }) {
    const lifeMs = parts.random.uniform() * LONGEST_LIFE_MILLISECONDS;
    if (scene === "starting") return null;
    const url = await running?.ready();
    if (scene === "rebuilding") {
      await sleep(lifeMs / 2);
      for (const projection of PROJECTIONS) await startRebuild(`${url}`, projection);
      await sleep(lifeMs / 8);
      return null;
    }
    const importing = scene === "importing" ? await startImport(parts.data) : null;
    await sleep(lifeMs);
    return importing;
  }

  function importEnvironment(data: string) {
    return { CH_DATA_FOLDER: data };
  }

  /** Resolves when the first of its ticks are on their way. */
  async function startImport(data: string) {
    const words = ["import", "ticks", join(folder, "ticks.csv"), "--register", "--json"];
    const cli: RunningCli = startCli(words, importEnvironment(data));
    await untilTicksOf(data, cli);
    return {
      /** True: it had begun and was not done. */
      killed: async () => {
        const wasRunning = cli.child.exitCode === null;
        cli.child.kill("SIGKILL");
        await cli.ended();
        return wasRunning;
      },
    };
  }

  async function finishImport(data: string): Promise<Record<string, unknown>> {
    const words = ["import", "ticks", join(folder, "ticks.csv"), "--register", "--json"];
    const { exitCode, stdout, stderr } = await runCli(words, importEnvironment(data));
    expect(exitCode, stderr).to.equal(0);
    return jsonLines(stdout).at(-1) as Record<string, unknown>;
  }
});

/** Until the server has taken more ticks of the imported instrument, or the import is over. */
async function untilTicksOf(data: string, cli: RunningCli): Promise<void> {
  const before = await importedTicks(data);
  while (cli.child.exitCode === null && (await importedTicks(data)) === before) await sleep(20);
}

function importedTicks(data: string): Promise<number> {
  return withHistory(data, async ({ log }) => {
    const ends = await log.ends("market.events");
    return ends.reduce((sum, end) => sum + end, 0);
  });
}

/** A rebuild that a kill has interrupted may be under way still: that one goes on. */
async function startRebuild(url: string, projection: string): Promise<void> {
  const answer = await fetch(`${url}/v1/projections/${projection}/start-generation`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ version: 1, reason: "to be killed" }),
  });
  const { code } = JSON.parse(await answer.text());
  if (!answer.ok) expect(code).to.equal("REBUILD_RUNNING");
}
