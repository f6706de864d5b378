import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../cli/demo/random.ts";
import { registeredProjection } from "../projections/registry.ts";
import { generationFile } from "../projections/runner/generation-files.ts";
import { print, printedSeed } from "./contracts/log/seed.ts";
import { KillClients } from "./kill-clients.ts";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { PROJECTIONS } from "./rebuild-rows.ts";
import { generationsShown, until, untilCaughtUp } from "./rebuild-watch.ts";
import { runCli } from "./run-cli.ts";

const NAME = "portfolios";
const PORTFOLIOS = 50;
/** At full speed a build takes a second or two for them. */
const DEPOSITS = 30_000;
const LINES_OF_REQUEST = 1_000;
const HELD_MILLISECONDS = 4_000;
const LIMIT_SECONDS = 2;
const HISTORY_MILLISECONDS = 3_000;
const LOOK_EVERY_MILLISECONDS = 50;

describe("live traffic beside a rebuild", function () {
  this.timeout(240_000);
  let folder: string;
  let platform: PlatformProcess;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-live-lag-"));
    platform = await startPlatformProcess(folder);
  });

  afterEach(async () => {
    await platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("comes first: a build stands back while the live generation lags, and ends when it may", async () => {
    await deposit(DEPOSITS);
    await untilCaughtUp(platform.url);
    const held = new DatabaseSync(generationFile(folder, NAME, 1));
    held.exec("BEGIN IMMEDIATE");
    await deposit(1);
    await start({ maxLiveLagMs: 100 });
    await sleep(HELD_MILLISECONDS / 2);
    const early = await builtSoFar();
    const list = await runCli(["projections", "list", "--data", folder]);
    await sleep(HELD_MILLISECONDS / 2);
    const late = await builtSoFar();
    held.exec("ROLLBACK");
    held.close();
    await until("it is built", async () => (await builtSoFar()).events > DEPOSITS);
    const end = await builtSoFar();
    expect(list.stdout).to.match(/building, slowed: live is \d+\.\d s behind/);
    // It goes on, but slower than afterwards, when it comes to its full speed again.
    expect(late.events).to.be.at.least(early.events);
    expect(late.events).to.be.below(DEPOSITS);
    expect(rateOf(early, late)).to.be.below(rateOf(late, end) / 2);
    await untilLive(2);
    await untilCaughtUp(platform.url);
    expect((await generationsShown(platform.url, NAME)).at(-1)).to.include({ verified: true });
  });

  it("does not lag beyond the limit while everything is rebuilt, and all of it ends", async () => {
    const clients = new KillClients(createRandom(printedSeed()));
    clients.serveAt(platform.url);
    await clients.start();
    await sleep(HISTORY_MILLISECONDS);
    const maxLiveLagMs = LIMIT_SECONDS * 1_000;
    for (const name of PROJECTIONS) await start({ maxLiveLagMs }, name);
    let worst = 0;
    await until("all are live", async () => {
      await sleep(LOOK_EVERY_MILLISECONDS);
      const all = await Promise.all(
        PROJECTIONS.map((name) => generationsShown(platform.url, name)),
      );
      const live = all.map((each) => each.find(({ phase }) => phase === "live"));
      for (const one of live) worst = Math.max(worst, one?.lagSeconds ?? 0);
      return live.every((one) => one?.generation === 2);
    });
    await clients.finish();
    print(`no live generation was more than ${worst.toFixed(2)} s behind`);
    expect(worst).to.be.below(LIMIT_SECONDS);
  });

  async function start(limit: { maxLiveLagMs: number }, name = NAME): Promise<void> {
    const { version } = registeredProjection(name).projection;
    const path = `/v1/projections/${name}/start-generation`;
    await send(path, JSON.stringify({ version, reason: "a test", ...limit }), "application/json");
  }

  /** So many events, portfolios opened for them not counted. */
  async function deposit(count: number): Promise<void> {
    const ids = Array.from({ length: PORTFOLIOS }, (_, number) => `p-${number}`);
    const opened = { name: "Main", baseCurrency: "USDT", costMethod: "average" };
    const open = ids.map((id) => ({ id, type: "OpenPortfolio", data: opened }));
    const deposits = Array.from({ length: count }, (_, number) => {
      const data = { asset: "USDT", amount: "10", externalReference: `d-${count}-${number}` };
      return { id: ids[number % PORTFOLIOS], type: "DepositFunds", data };
    });
    const lines = [...(count > 1 ? open : []), ...deposits].map((command) => {
      return JSON.stringify({ aggregate: "portfolio", ...command });
    });
    for (let from = 0; from < lines.length; from += LINES_OF_REQUEST) {
      const body = lines.slice(from, from + LINES_OF_REQUEST).join("\n");
      await send("/v1/commands", body, "application/x-ndjson");
    }
  }

  async function send(path: string, body: string, type: string): Promise<void> {
    const headers = { "Content-Type": type };
    const answer = await fetch(platform.url + path, { method: "POST", headers, body });
    const text = await answer.text();
    if (!answer.ok || text.includes('"outcome":"refused"')) throw new Error(text.slice(0, 500));
  }

  async function builtSoFar(): Promise<Built> {
    const [, second] = await generationsShown(platform.url, NAME);
    const positions = Object.values(second?.position ?? {});
    const atMs = performance.now();
    return { atMs, events: positions.reduce((sum, next) => sum + next, 0) };
  }

  async function untilLive(expected: number): Promise<void> {
    await until(`generation ${expected} is live`, async () => {
      const all = await generationsShown(platform.url, NAME);
      return all.some(({ generation, phase }) => generation === expected && phase === "live");
    });
  }
});

interface Built {
  readonly atMs: number;
  readonly events: number;
}

function rateOf(from: Built, to: Built): number {
  return (to.events - from.events) / (to.atMs - from.atMs);
}
