import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { freePort } from "./real/free-port.ts";
import { generationsShown, startRebuild, until } from "./rebuild-watch.ts";
import { jsonLines, runCli, startCli } from "./run-cli.ts";

const NAME = "portfolios";
const AWAY_MILLISECONDS = 3_000;

describe("a rebuild that is followed on the command line", function () {
  this.timeout(240_000);
  let folder: string;
  let environment: Readonly<Record<string, string>>;
  let platform: PlatformProcess;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-followed-"));
    environment = { CH_PORT: String(await freePort()) };
    platform = await startPlatformProcess(folder, environment);
    await run("pause", NAME, "--reason", "a test");
  });

  afterEach(async () => {
    await platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("fails on a stall and says why; is left by Ctrl-C and says how to come back; ends well", async () => {
    const stalled = await runCli(words("rebuild", NAME, "--stall-seconds", "2"));
    expect(stalled.exitCode).to.equal(8);
    expect(stalled.stderr).to.include("generation 2 stood still for 2 s");
    expect(stalled.stderr).to.include("go on with: cipherhorizon projections resume portfolios");
    expect(stalled.stderr).to.include("watch again with: cipherhorizon projections rebuild");

    const left = startCli(words("rebuild", NAME));
    await until("it watches", async () => left.stderr().includes("is building: watching it"));
    await sleep(1_000);
    left.child.kill("SIGINT");
    const { exitCode, stderr } = await left.ended();
    expect(exitCode, stderr).to.equal(130);
    expect(stderr).to.include("watch again with: cipherhorizon projections rebuild portfolios");
    expect((await generationsShown(platform.url, NAME)).at(-1)?.phase).to.equal("building");

    const followed = startCli(words("rebuild", NAME, "--json"));
    await until("it watches", async () => followed.stderr().includes("watching it"));
    await run("resume", NAME);
    const done = await followed.ended();
    expect(done.exitCode, done.stderr).to.equal(0);
    expect(jsonLines(done.stdout).at(-1)).to.deep.include({ type: "live", generation: 2 });
  });

  it("goes on when the server was away, and tells that at once and again at the end", async () => {
    await startRebuild(platform.url, NAME);
    const followed = startCli(words("rebuild", NAME));
    const [told, again] = ["; it is asked again", "meanwhile, "];
    await until("it watches", async () => followed.stderr().includes("watching it"));
    await sleep(1_000);
    await platform.kill();
    await until("it says so", async () => followed.stderr().includes(told));
    await sleep(AWAY_MILLISECONDS);
    platform = await startPlatformProcess(folder, environment);
    await run("resume", NAME);
    const { exitCode, stdout, stderr } = await followed.ended();
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.include("generation 2 is live");
    expect(stderr.indexOf(again)).to.be.above(stderr.indexOf(told));
  });

  function words(...some: readonly string[]): readonly string[] {
    return ["projections", ...some, "--data", folder];
  }

  async function run(...some: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await runCli(words(...some));
    expect(exitCode, stderr).to.equal(0);
  }
});
