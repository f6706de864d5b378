import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { jsonLines, type RunningCli, runCli, startCli } from "./run-cli.ts";

const OPEN = ["commands", "send", "portfolio"];
const DATA = '{"name":"Mine"}';
/** A server looks at its file once a second. */
const SEEN_WITHIN_MS = 1_500;
const EVENTUALLY_MS = 30_000;
const LOOK_EVERY_MS = 100;

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + EVENTUALLY_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${EVENTUALLY_MS} ms: ${isSo}`);
    await sleep(LOOK_EVERY_MS);
  }
}

describe("keys on the command line", function () {
  this.timeout(120_000);
  let folder: string;
  let file: string;
  let platform: PlatformProcess | null = null;
  const servers: RunningCli[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-keys-"));
    file = join(folder, "api-keys.jsonl");
  });
  afterEach(async () => {
    await platform?.kill();
    platform = null;
    for (const { child } of servers.splice(0)) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  async function create(...words: readonly string[]): Promise<{ id: string; key: string }> {
    const made = await runCli(["keys", "create", "--file", file, "--json", ...words]);
    expect(made.exitCode, made.stderr).to.equal(0);
    const [shown = {}] = jsonLines(made.stdout);
    return { id: String(shown["id"]), key: String(shown["key"]) };
  }

  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    CH_DATA_FOLDER: folder,
    CH_API_KEYS_FILE: file,
    ...more,
  });

  it("must be there before other machines are let in", async () => {
    const open = { CH_DATA_FOLDER: folder, CH_HOST: "0.0.0.0" };
    const without = await runCli(["serve", "all"], open);
    expect(without.exitCode).to.equal(3);
    expect(without.stderr).to.contain("keys create").and.contain("CH_API_KEYS_FILE");
    const missing = await runCli(["serve", "all"], { ...open, CH_API_KEYS_FILE: file });
    expect(missing.exitCode).to.equal(3);
    expect(missing.stderr).to.contain("ENOENT").and.contain("keys create");
    const { id } = await create("--role", "operator");
    await runCli(["keys", "revoke", id, "--file", file]);
    const revoked = await runCli(["serve", "all"], { ...open, CH_API_KEYS_FILE: file });
    expect(revoked.exitCode).to.equal(3);
    expect(revoked.stderr).to.contain("holds no key");
  });

  it("are shown once, listed without their secret, and revoked while a server runs", async () => {
    const operator = await create("--role", "operator", "--label", "me");
    const trader = await create("--role", "trader", "--trader", "t-1");
    const listed = await runCli(["keys", "list", "--file", file, "--json"]);
    expect(jsonLines(listed.stdout).map(({ id, state }) => [id, state])).to.deep.equal([
      [operator.id, "holds"],
      [trader.id, "holds"],
    ]);
    for (const { key } of [operator, trader]) expect(listed.stdout).not.to.contain(key.slice(17));
    expect(listed.stdout).not.to.contain("sha256");

    platform = await startPlatformProcess(folder, {
      CH_API_KEYS_FILE: file,
      CH_HOST: "0.0.0.0",
      CH_LOG_LEVEL: "debug",
    });
    const send = (id: string, key?: string) => {
      const bearing = key === undefined ? {} : { CH_API_KEY: key };
      return runCli([...OPEN, id, "OpenPortfolio", DATA], environment(bearing));
    };
    const without = await send("p-1");
    expect(without.exitCode).to.equal(3);
    expect(without.stderr).to.contain("UNAUTHENTICATED").and.contain("CH_API_KEY");
    expect((await send("p-1", trader.key)).exitCode).to.equal(0);
    const ticks = await runCli(["projections", "rebuild", "portfolios"], {
      ...environment({ CH_API_KEY: trader.key }),
    });
    expect(ticks.exitCode, ticks.stderr).to.equal(6);
    const gone = await runCli(["keys", "revoke", trader.id, "--file", file]);
    expect(gone.exitCode).to.equal(0);
    await sleep(SEEN_WITHIN_MS);
    const refused = await send("p-2", trader.key);
    expect([refused.exitCode, refused.stderr.includes("was revoked")]).to.deep.equal([3, true]);
    expect((await send("p-2", operator.key)).exitCode).to.equal(0);
    const said = platform.messages() + without.stderr + refused.stderr;
    for (const { key } of [operator, trader]) expect(said).not.to.contain(key.slice(17));
  });

  it("are not needed by who opens the data folder itself", async () => {
    await create("--role", "operator");
    const sent = await runCli([...OPEN, "p-1", "OpenPortfolio", DATA], environment());
    expect(sent.exitCode, sent.stderr).to.equal(0);
  });

  it("open the command side to projections in a process of their own", async () => {
    const operator = await create("--role", "operator");
    const reader = await create("--role", "reader");
    const ports = { CH_PORT: "0", CH_COMMAND_PORT: "0" };
    const serve = (part: string, key: string) => {
      const server = startCli(
        ["serve", part, "--json"],
        environment({ ...ports, CH_API_KEY: key }),
      );
      servers.push(server);
      return server;
    };
    await serve("command-side", reader.key).shows("url");
    const stranger = serve("projections", reader.key);
    await eventually(async () => stranger.stderr().includes("FORBIDDEN"));
    stranger.child.kill("SIGTERM");
    await stranger.ended();
    expect(stranger.stderr()).not.to.contain(reader.key.slice(17));
    await serve("projections", operator.key).shows("url");
    const queries = serve("query-api", reader.key);
    await queries.shows("url");
    const url = String(jsonLines(queries.stdout())[0]?.["url"]);
    await eventually(async () => {
      const headers = { Authorization: `Bearer ${reader.key}` };
      const answer = await fetch(`${url}/v1/projections/portfolios`, { headers });
      return (await answer.text()).includes('"phase":"live"');
    });
  });

  it("are said to be missing or unknown in words that say what to do", async () => {
    const noFile = await runCli(["keys", "list"]);
    expect([noFile.exitCode, noFile.stderr.includes("CH_API_KEYS_FILE")]).to.deep.equal([2, true]);
    const noTrader = await runCli(["keys", "create", "--role", "trader", "--file", file]);
    expect([noTrader.exitCode, noTrader.stderr.includes("--trader")]).to.deep.equal([2, true]);
    const noRole = await runCli(["keys", "create", "--file", file]);
    expect(noRole.exitCode).to.equal(2);
    await create("--role", "reader");
    const unknown = await runCli(["keys", "revoke", "000000000000", "--file", file]);
    expect(unknown.exitCode).to.equal(4);
  });
});
