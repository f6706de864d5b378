import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseConsistencyToken } from "../platform/http/consistency-token.ts";
import { startPlatformProcess } from "./platform-process.ts";
import { ReadingClient, tokenOf } from "./reading-client.ts";
import { jsonLines, runCli } from "./run-cli.ts";

const PORTFOLIOS = "/v1/portfolios";

describe("a backup of the embedded log", function () {
  this.timeout(240_000);
  let folder: string;
  let client: ReadingClient;
  let token: string;
  let old: string;
  let backup: string;
  let restored: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-backup-"));
    [old, backup, restored] = [join(folder, "old"), join(folder, "a.db"), join(folder, "new")];
    client = new ReadingClient(old, await startPlatformProcess(old));
    await client.command("portfolios/p-1/open-portfolio", { name: "p-1" });
    token = tokenOf((await client.deposit("p-1", "before")).headers);
    const read = { "Consistency-Token": token, Prefer: "wait=30" };
    expect((await client.get(PORTFOLIOS, read)).status).to.equal(200);
    const made = await runCli(["log", "backup", backup, "--data", old, "--json"]);
    expect([made.exitCode, made.stderr]).to.deep.equal([0, ""]);
    await client.deposit("p-1", "after");
    await client.platform.stop();
  });

  after(async () => {
    await client.platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is made beside a running server, and becomes a sound log with an id of its own", async () => {
    const run = await runCli(["log", "restore", backup, "--data", restored, "--json"]);
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(readdirSync(restored)).to.not.include("incoming");
    const [before, after] = await Promise.all([verify(old), verify(restored)]);
    expect(after).to.include({ isSound: true, logId: jsonLines(run.stdout)[0]?.["logId"] });
    expect(after?.["logId"]).to.not.equal(before?.["logId"]);
    expect(parseConsistencyToken(token, `${before?.["logId"]}`).positions.size).to.be.above(0);
  });

  it("refuses the old log's checkpoints and tokens by name, and takes commands", async () => {
    const server = new ReadingClient(restored, await startPlatformProcess(restored));
    try {
      const answer = await server.get(PORTFOLIOS, { "Consistency-Token": token });
      expect([answer.status, answer.body["code"]]).to.deep.equal([409, "LOG_MISMATCH"]);
      await server.deposit("p-1", "another");
      const { body } = await server.caughtUp("/v1/portfolios/p-1");
      expect(JSON.stringify(body)).to.include('"2000"');
    } finally {
      await server.platform.stop();
    }
    await expectForeignCheckpoints();
  });

  it("is never written over, nor is a folder that holds something", async () => {
    const again = await runCli(["log", "backup", backup, "--data", old]);
    expect([again.exitCode, again.stdout]).to.deep.equal([5, ""]);
    const full = await runCli(["log", "restore", backup, "--data", old]);
    expect([full.exitCode, full.stdout]).to.deep.equal([5, ""]);
  });

  it("is refused when it is none, and nothing is left as a log", async () => {
    const [none, empty] = [join(folder, "none.db"), join(folder, "empty")];
    writeFileSync(none, "this is not a database, whatever its name says".repeat(100));
    const run = await runCli(["log", "restore", none, "--data", empty]);
    expect(run.exitCode).to.equal(7);
    expect(run.stderr).to.include("is no backup of a log");
    expect(existsSync(join(empty, "log.db"))).to.equal(false);
  });

  /** The read models that the old log fed, beside the restored log. */
  async function expectForeignCheckpoints(): Promise<void> {
    const mixed = join(folder, "mixed");
    cpSync(old, mixed, { recursive: true });
    for (const file of readdirSync(mixed)) {
      if (file.startsWith("log.db")) rmSync(join(mixed, file));
    }
    cpSync(join(restored, "log.db"), join(mixed, "log.db"));
    const run = await runCli(["doctor", "--data", mixed]);
    expect(run.stdout + run.stderr).to.match(/its checkpoint of \S+ is of log/);
  }
});

async function verify(folder: string) {
  const run = await runCli(["log", "verify", "--data", folder, "--json"]);
  return jsonLines(run.stdout)[0];
}
