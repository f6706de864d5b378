import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { generationFile } from "../projections/runner/generation-files.ts";
import { print } from "./contracts/log/seed.ts";
import { withHistory } from "./history/read-history.ts";
import { generationsOf } from "./kill-autopsy.ts";
import {
  type PlatformProcess,
  type SpawnedPlatform,
  spawnPlatform,
  startPlatformProcess,
} from "./platform-process.ts";
import { type Json, ReadingClient } from "./reading-client.ts";
import { PollingReader } from "./rebuild-readers.ts";
import { checkpointsOf, compareWithFresh, PROJECTIONS } from "./rebuild-rows.ts";
import { generationsShown, until, untilCaughtUp } from "./rebuild-watch.ts";
import { jsonLines, runCli } from "./run-cli.ts";

const NAME = "portfolios";
const WRITERS = 8;
const CUT_OVERS = 6;
/** Less than answers are held for a generation that has to pass what was answered. */
const BEHIND_MILLISECONDS = 300;
const BETWEEN_MILLISECONDS = 1_000;
const GRACE = { CH_GENERATION_GRACE_SECONDS: "300" };
const LEDGER = {
  path: "/v1/portfolios/p-1/ledger?limit=300",
  keyOf: (row: Record<string, unknown>) => `${row["sequence"]}/${row["posting"]}`,
  immutable: true,
};
/** Changes with every event. */
const ACCOUNTS = {
  path: "/v1/portfolios/p-1/holdings",
  keyOf: ({ asset }: Record<string, unknown>) => String(asset),
  immutable: false,
};

describe("the moment of the cut-over", function () {
  this.timeout(240_000);
  let folder: string;
  let platform: PlatformProcess;
  let client: ReadingClient;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-cut-over-"));
    platform = await startPlatformProcess(folder, GRACE);
    client = new ReadingClient(folder, platform);
    const opened = { name: "Main", baseCurrency: "USDT", costMethod: "average" };
    await client.command("portfolios/p-1/open-portfolio", opened);
    await client.deposit("p-1", "first");
  });

  afterEach(async () => {
    await platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("goes unnoticed by readers though events are appended in that very moment", async () => {
    await client.caughtUp(LEDGER.path);
    const readers = [LEDGER, ACCOUNTS].map((query) => new PollingReader(platform.url, query));
    const writing = write();
    const data = ["--data", folder];
    const rebuilt = await runCli(["projections", "rebuild", NAME, ...data]);
    expect(rebuilt.exitCode, rebuilt.stderr).to.equal(0);
    for (let count = 0; count < CUT_OVERS; count += 1) await cutOver(count % 2 === 0 ? 1 : 2);
    const written = await writing.stop();
    await Promise.all(readers.map((reader) => reader.stop()));
    // That readers go back to generation 1 is what was asked for; nothing else may be noticed.
    const asked = /: generation 1 after 2$/;
    const findings = readers.flatMap((reader) => reader.findings);
    expect(findings.filter((finding) => !asked.test(finding))).to.deep.equal([]);
    for (const { generations } of readers) expect([...generations].sort()).to.deep.equal([1, 2]);
    print(`${written} events while it was cut over ${CUT_OVERS + 1} times`);
    await untilCaughtUp(platform.url);
    for (const generation of [1, 2]) {
      const { differences } = await compareWithFresh(folder, NAME, generation);
      expect(differences, `generation ${generation}`).to.deep.equal([]);
    }
  });

  /** To a generation that is behind in that moment: nobody can write into its file. */
  async function cutOver(generation: number): Promise<void> {
    const file = new DatabaseSync(generationFile(folder, NAME, generation));
    file.exec("BEGIN IMMEDIATE");
    await sleep(BEHIND_MILLISECONDS);
    const reason = "a test";
    if (generation === 1) {
      await step("roll-back-generation", { generation, force: false, reason });
    } else {
      const [, second] = await generationsShown(platform.url, NAME);
      const positions = second?.certificate?.positions;
      await step("promote-generation", { generation, rule: "verified", positions, reason });
    }
    await sleep(BEHIND_MILLISECONDS);
    file.exec("ROLLBACK");
    file.close();
    await untilLive(generation);
    await sleep(BETWEEN_MILLISECONDS);
  }

  async function step(name: string, data: Json): Promise<void> {
    await client.command(`projections/${NAME}/${name}`, data);
  }

  /** Several writers without a pause, until it is stopped; gives how much was accepted. */
  function write(): { stop(): Promise<number> } {
    let [isOn, written] = [true, 0];
    const one = async (writer: number) => {
      for (let i = 0; isOn; i += 1) {
        await client.deposit("p-1", `${writer}-${i}`);
        written += 1;
      }
    };
    const all = Promise.all(Array.from({ length: WRITERS }, (_, writer) => one(writer)));
    return {
      stop: async () => {
        isOn = false;
        await all;
        return written;
      },
    };
  }

  async function untilLive(expected: number): Promise<void> {
    await until(`generation ${expected} is live`, async () => {
      const all = await generationsShown(platform.url, NAME);
      return all.some(({ generation, phase }) => generation === expected && phase === "live");
    });
  }
});

describe("several that begin the same at once", function () {
  this.timeout(240_000);
  let folder: string;
  const processes: SpawnedPlatform[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-at-once-"));
  });

  afterEach(async () => {
    for (const one of processes.splice(0)) await one.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  function spawn(part: "all" | "command-side" | "projections" | "query-api"): SpawnedPlatform {
    const one = spawnPlatform(folder, GRACE, part);
    processes.push(one);
    return one;
  }

  it("make one first generation of each projection, which one of two projectors feeds", async () => {
    const url = await spawn("command-side").ready();
    const projectors = [spawn("projections"), spawn("projections")];
    const opened = { name: "Main", baseCurrency: "USDT", costMethod: "average" };
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(opened);
    const path = `${url}/v1/portfolios/p-1/open-portfolio`;
    expect((await fetch(path, { method: "POST", headers, body })).status).to.equal(201);
    for (const name of PROJECTIONS) {
      const isThere = async () => (await checkpointsOf(folder, name, 1)) !== null;
      await until(`${name} is there`, isThere);
      await until(`${name} is fed to the end`, () => isAsFromZero(name));
    }
    await projectors[0]?.kill();
    await fetch(`${url}/v1/portfolios/p-2/open-portfolio`, { method: "POST", headers, body });
    await until("the other has taken over", () => isAsFromZero(NAME));
    const all = await withHistory(folder, generationsOf);
    expect(all.map(({ generation }) => generation)).to.deep.equal(PROJECTIONS.map(() => 1));
  });

  async function isAsFromZero(name: string): Promise<boolean> {
    return (await compareWithFresh(folder, name, 1)).differences.length === 0;
  }

  it("make one rebuild of one projection, which both who have asked for it watch", async () => {
    const platform = spawn("all");
    const url = await platform.ready();
    const words = ["projections", "rebuild", NAME, "--json", "--data", folder];
    const both = await Promise.all([runCli(words), runCli(words)]);
    for (const { exitCode, stdout, stderr } of both) {
      expect(exitCode, stderr).to.equal(0);
      expect(jsonLines(stdout).at(-1)).to.deep.include({ generation: 2, phase: "live" });
    }
    expect(await generationsShown(url, NAME)).to.have.length(2);
  });
});
