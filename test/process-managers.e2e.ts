import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import type { PlannedCommand } from "../command-side/process-managers/manager.ts";
import type { AssessRiskPayload } from "../command-side/process-managers/risk-assessment/assess-risk.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/telemetry/logger.ts";

const CHILD = fileURLToPath(new URL("./process-manager-child.ts", import.meta.url));
const PORTFOLIOS = ["p-1", "p-2", "p-3"];
/** Opening, and the deposits. */
const DEPOSITS = 2;

describe("a process manager", function () {
  this.timeout(180_000);
  let folder: string;
  let platform: Platform;
  let runs = 0;

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

  /** A folder of its own for the manager's store. */
  function processes(): string {
    runs += 1;
    const path = join(folder, `processes-${runs}`);
    mkdirSync(path);
    return path;
  }

  function run(path: string, { killAt = 0, wish = "end" } = {}) {
    const { signal, status, stdout, stderr } = spawnSync(
      process.execPath,
      [CHILD, folder, path, String(killAt), wish],
      { encoding: "utf8" },
    );
    if (signal === null) expect(status, stderr).to.equal(0);
    return { signal, starts: JSON.parse(stdout.split("\n")[0] || "[]") as { reason: string }[] };
  }

  it("loses nothing and sends nothing twice with another content, killed at any step", () => {
    let kills = 0;
    for (let killAt = 1; killAt <= 11; killAt += 1) {
      const path = processes();
      const { signal } = run(path, { killAt, wish: "beginning" });
      if (signal === "SIGKILL") kills += 1;
      run(path, { wish: "beginning" });
      const sent = sentIn(path);
      for (const id of PORTFOLIOS) expect(last(sent, id)).to.equal(1 + DEPOSITS);
      expectFrozen(sent);
    }
    expect(kills).to.be.above(8);
  });

  it("starts at the end when its store is lost, and puts that on record", async () => {
    const path = processes();
    run(path, { wish: "beginning" });
    rmSync(path, { recursive: true });
    mkdirSync(path);
    const { starts } = run(path);
    expect(starts.map(({ reason }) => reason)).to.include("end of the log");
    expect(sentIn(path)).to.deep.equal([]);
    await deposit("p-2", "after the loss");
    expect(run(path).starts).to.deep.equal([]);
    const sent = sentIn(path);
    expect(sent.map(({ aggregateId }) => aggregateId)).to.deep.equal(["p-2"]);
    expect(sent[0]?.payload).to.deep.include({
      holdings: [{ asset: "USDT", quantity: "30" }],
      flows: [{ asset: "USDT", net: "30" }],
    });
  });

  it("leaves portfolio commands working while it is stopped, and makes up for it", async () => {
    const path = processes();
    run(path);
    await deposit("p-3", "while it is stopped");
    expect(sentIn(path)).to.deep.equal([]);
    run(path);
    expect(last(sentIn(path), "p-3")).to.equal(2 + DEPOSITS);
  });
});

function sentIn(path: string): PlannedCommand[] {
  const file = join(path, "sent.ndjson");
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
