import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type Platform, startPlatform } from "../../cli/serve/platform.ts";
import type { PlannedCommand } from "../../command-side/process-managers/manager.ts";
import type { AssessRiskPayload } from "../../command-side/process-managers/risk-assessment/assess-risk.ts";
import { riskAssessment } from "../../command-side/process-managers/risk-assessment/projection.ts";
import { readConfig } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import {
  loseProcessStore,
  newProcessStoreAt,
  type ProcessStoreAdapter,
  type ProcessStoreAt,
  removeProcessStoreAt,
} from "../contracts/process-store/adapters.ts";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
const PORTFOLIOS = ["p-1", "p-2", "p-3"];
/** Opening, and the deposits. */
const DEPOSITS = 2;
/** Steps of a run at which it is killed, and fewer than it has. */
const STEPS = 11;
const STOPPED_WITHIN_MS = 300_000;
const STATE_LOOK_MS = 100;

/** A machine, with what a manager has sent from it, and the store, which others reach as well. */
interface Place {
  readonly own: string;
  readonly at: ProcessStoreAt;
}

/** A manager as a process on a log, killed and started again; its store is the adapter's. */
export function processManagerSuite(adapter: ProcessStoreAdapter): void {
  let folder: string;
  let platform: Platform;
  let machines = 0;
  const stores: ProcessStoreAt[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-managers-"));
    const config = readConfig({ CH_DATA_FOLDER: folder, CH_PROCESS_MANAGERS: "none" });
    const logger = createLogger("error");
    platform = await startPlatform({ config, parts: ["command-side"], logger, port: 0 });
    for (const id of PORTFOLIOS) {
      await post(`/v1/portfolios/${id}/open-portfolio`, { name: id, baseCurrency: "USDT" });
      for (let i = 0; i < DEPOSITS; i += 1) await deposit(id, `before ${i}`);
    }
  });

  after(async () => {
    await platform.stop();
    for (const at of stores) {
      await loseProcessStore(at, riskAssessment);
      removeProcessStoreAt(at);
    }
    rmSync(folder, { recursive: true });
  });

  async function post(path: string, body: unknown): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(`${platform.url}${path}`, init);
    expect(response.ok, `${path}: ${await response.text()}`).to.equal(true);
  }

  function deposit(id: string, externalReference: string): Promise<void> {
    const funds = { asset: "USDT", amount: "10", externalReference };
    return post(`/v1/portfolios/${id}/deposit-funds`, funds);
  }

  function machine(at: ProcessStoreAt): Place {
    machines += 1;
    const own = join(folder, `machine-${machines}`);
    mkdirSync(own);
    return { own, at };
  }

  function newPlace(): Place {
    const at = newProcessStoreAt(adapter);
    stores.push(at);
    return machine(at);
  }

  /** `killAt`, `stopAt`: the step at which it does so to itself. */
  function start({ own, at }: Place, { killAt = 0, stopAt = 0, wish = "end" } = {}) {
    const step = String(killAt || stopAt);
    const signal = killAt > 0 ? "SIGKILL" : "SIGSTOP";
    const words = [CHILD, folder, own, JSON.stringify(at), step, signal, wish];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { child, ended };
  }

  async function run(place: Place, how: Parameters<typeof start>[1] = {}) {
    const { child, ended } = start(place, how);
    const [stdout, stderr] = await ended;
    const starts = JSON.parse(stdout.split("\n")[0] || "[]") as { reason: string }[];
    return { signal: child.signalCode, status: child.exitCode, stderr, starts };
  }

  async function runToItsEnd(place: Place, how: { readonly wish?: string } = {}) {
    const { signal, status, stderr, starts } = await run(place, how);
    expect([signal, status], stderr).to.deep.equal([null, 0]);
    return starts;
  }

  it("loses nothing and sends nothing twice with another content, killed at any step", async () => {
    let kills = 0;
    for (let killAt = 1; killAt <= STEPS; killAt += 1) {
      const place = newPlace();
      const { signal } = await run(place, { killAt, wish: "beginning" });
      if (signal === "SIGKILL") kills += 1;
      await runToItsEnd(place, { wish: "beginning" });
      const sent = sentIn(place);
      for (const id of PORTFOLIOS) expect(last(sent, id)).to.equal(1 + DEPOSITS);
      expectFrozen(sent);
    }
    expect(kills).to.be.above(8);
  });

  it("goes on where it was when its command side moves to another machine", async () => {
    const place = newPlace();
    const { signal } = await run(place, { killAt: 5, wish: "beginning" });
    expect(signal).to.equal("SIGKILL");
    const before = sentIn(place);
    const elsewhere = machine(place.at);
    expect(await runToItsEnd(elsewhere)).to.deep.equal([]);
    const sent = [...before, ...sentIn(elsewhere)];
    for (const id of PORTFOLIOS) expect(last(sent, id)).to.equal(1 + DEPOSITS);
    expectFrozen(sent);
  });

  it("is let go of by a process that was thought dead, once that wakes up", async () => {
    const place = newPlace();
    const { child, ended } = start(place, { stopAt: 5, wish: "beginning" });
    await untilStopped(child.pid);
    const next = machine(place.at);
    // Whatever comes of it, nobody is left asleep with a lock.
    await runToItsEnd(next).catch((error: unknown) => {
      child.kill("SIGKILL");
      throw error;
    });
    const before = sentIn(place);
    child.kill("SIGCONT");
    const [, stderr] = await ended;
    expect(stderr).to.match(/fenced: /);
    expect(child.exitCode).to.equal(1);
    const late = sentIn(place).slice(before.length);
    const sent = [...before, ...sentIn(next)];
    for (const id of PORTFOLIOS) expect(last(sent, id)).to.equal(1 + DEPOSITS);
    expectFrozen(sent);
    const texts = sent.map((command) => JSON.stringify(command));
    expect(texts).to.include.members(late.map((command) => JSON.stringify(command)));
  });

  it("starts at the end when its store is lost, and puts that on record", async () => {
    const place = newPlace();
    await runToItsEnd(place, { wish: "beginning" });
    await loseProcessStore(place.at, riskAssessment);
    const after = machine(place.at);
    const starts = await runToItsEnd(after);
    expect(starts.map(({ reason }) => reason)).to.include("end of the log");
    expect(sentIn(after)).to.deep.equal([]);
    await deposit("p-2", "after the loss");
    expect(await runToItsEnd(after)).to.deep.equal([]);
    const sent = sentIn(after);
    expect(sent.map(({ aggregateId }) => aggregateId)).to.deep.equal(["p-2"]);
    expect(sent[0]?.payload).to.deep.include({
      holdings: [{ asset: "USDT", quantity: "30" }],
      flows: [{ asset: "USDT", net: "30" }],
    });
  });

  it("leaves portfolio commands working while it is stopped, and makes up for it", async () => {
    const place = newPlace();
    await runToItsEnd(place);
    await deposit("p-3", "while it is stopped");
    expect(sentIn(place)).to.deep.equal([]);
    await runToItsEnd(place);
    expect(last(sentIn(place), "p-3")).to.equal(2 + DEPOSITS);
  });
}

async function untilStopped(pid = 0): Promise<void> {
  const deadline = performance.now() + STOPPED_WITHIN_MS;
  const state = () => execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  while (!state().startsWith("T")) {
    if (performance.now() > deadline) throw new Error(`process ${pid} has not stopped`);
    await sleep(STATE_LOOK_MS);
  }
}

function sentIn({ own }: Place): PlannedCommand[] {
  const file = join(own, "sent.ndjson");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as PlannedCommand);
}

function last(sent: readonly PlannedCommand[], id: string): number | undefined {
  const payload = sent.findLast(({ aggregateId }) => aggregateId === id)?.payload;
  return (payload as AssessRiskPayload | undefined)?.portfolioSequence;
}

/** What was sent again is the same to the letter, and no target ever went back. */
function expectFrozen(sent: readonly PlannedCommand[]): void {
  const byId = new Map<string, string>();
  const sequences = new Map<string, number>();
  for (const command of sent) {
    const text = JSON.stringify(command);
    expect(byId.get(command.commandId) ?? text).to.equal(text);
    byId.set(command.commandId, text);
    const { portfolioSequence } = command.payload as AssessRiskPayload;
    const before = sequences.get(command.aggregateId) ?? 0;
    expect(portfolioSequence).to.be.at.least(before);
    sequences.set(command.aggregateId, portfolioSequence);
  }
}
