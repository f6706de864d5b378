import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../cli/demo/random.ts";
import { registeredProjection } from "../projections/registry.ts";
import { generationFile } from "../projections/runner/generation-files.ts";
import { run } from "../projections/runner/runner.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import { print, printedSeed } from "./contracts/log/seed.ts";
import { withHistory } from "./history/read-history.ts";
import { generationsOf } from "./kill-autopsy.ts";
import { KillClients } from "./kill-clients.ts";
import { type PlatformProcess, spawnPlatform, startPlatformProcess } from "./platform-process.ts";
import { PollingReader } from "./rebuild-readers.ts";
import { PROJECTIONS } from "./rebuild-rows.ts";
import { generationsShown, startRebuild, until, untilCaughtUp } from "./rebuild-watch.ts";
import { jsonLines, runCli } from "./run-cli.ts";

const NAME = "portfolios";
const HISTORY_MILLISECONDS = 3_000;
/** Chance may let a comparison end before the kill. */
const MOST_KILLS = 6;

describe("a rebuild that is verified", function () {
  this.timeout(300_000);
  let folder: string;
  let platform: PlatformProcess | null = null;
  let clients: KillClients;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-verified-"));
    platform = await startPlatformProcess(folder, { CH_GENERATION_GRACE_SECONDS: "300" });
    clients = new KillClients(createRandom(printedSeed()));
    clients.serveAt(platform.url);
    await clients.start();
    await sleep(HISTORY_MILLISECONDS);
  });

  afterEach(async () => {
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const url = () => platform?.url ?? "";
  const data = () => ["--data", folder];

  async function untilLive(projection: string, expected: number): Promise<void> {
    await until(`generation ${expected} of ${projection} is live`, async () => {
      const all = await generationsShown(url(), projection);
      return all.some(({ generation, phase }) => generation === expected && phase === "live");
    });
  }

  it("is promoted by its certificate, rolled back and promoted again while readers read", async () => {
    const path = "/v1/portfolios/p-1/ledger?limit=300";
    const keyOf = (row: Record<string, unknown>) => `${row["sequence"]}/${row["posting"]}`;
    await until("it can be read", async () => (await fetch(url() + path)).ok);
    const reader = new PollingReader(url(), { path, keyOf, immutable: true });
    const rebuilt = await runCli(["projections", "rebuild", NAME, "--json", ...data()]);
    expect(rebuilt.exitCode, rebuilt.stderr).to.equal(0);
    const [done] = jsonLines(rebuilt.stdout).slice(-1) as {
      certificate: { tables: { rows: number }[] };
    }[];
    expect(done).to.deep.include({ generation: 2, phase: "live", verified: true });
    const rows = (done?.certificate.tables ?? []).reduce((sum, one) => sum + one.rows, 0);
    expect(rows).to.be.above(50);
    print(`${rows} rows in the certificate`);
    const why = ["--reason", "a test"];
    const back = await runCli(["projections", "rollback", NAME, ...why, ...data()]);
    expect(back.exitCode, back.stderr).to.equal(0);
    await untilLive(NAME, 1);
    await sleep(500);
    await reader.stop();
    expect(reader.findings).to.deep.equal([`${path}: generation 1 after 2`]);
    const again = ["projections", "promote", NAME, "--generation", "2", ...data()];
    expect((await runCli(again)).exitCode).to.equal(0);
    await untilLive(NAME, 2);
    await clients.finish();
    await untilCaughtUp(url());
    const audit = await runCli(["projections", "verify", NAME, "--json", ...data()]);
    expect(audit.exitCode, audit.stderr).to.equal(0);
    expect(jsonLines(audit.stdout)[0]).to.include({ outcome: "equal", generation: 2 });
    plant(2, "UPDATE accounts SET balance = '77777' WHERE portfolioId = 'p-1'");
    const wrong = await runCli(["projections", "verify", NAME, ...data()]);
    expect(wrong.exitCode).to.equal(6);
    expect(wrong.stderr).to.include("77777");
  });

  it("is compared anew when it was killed in the middle of that", async () => {
    let hit = false;
    for (let generation = 2; !hit && generation < MOST_KILLS + 2; generation += 1) {
      for (const projection of PROJECTIONS) await startRebuild(url(), projection);
      await until("one is compared", async () => {
        const all = await Promise.all(PROJECTIONS.map((name) => generationsShown(url(), name)));
        return all.flat().some((one) => one.generation === generation && one.phase !== "building");
      });
      clients.hold();
      await platform?.kill();
      await clients.settled();
      const left = await withHistory(folder, generationsOf);
      hit = left.some(({ phase }) => phase === "verifying");
      platform = await startPlatformProcess(folder);
      clients.serveAt(platform.url);
      for (const projection of PROJECTIONS) await untilLive(projection, generation);
    }
    expect(hit, `no comparison was hit by ${MOST_KILLS} kills`).to.equal(true);
    for (const projection of PROJECTIONS) {
      const live = (await generationsShown(url(), projection)).at(-1);
      expect(live, projection).to.include({ phase: "live", verified: true, comparison: null });
    }
    await clients.finish();
  });

  it("is not promoted where one row is wrong, and the row is named", async () => {
    await clients.finish();
    await untilCaughtUp(url());
    await platform?.stop();
    const commandSide = spawnPlatform(folder, {}, "command-side");
    await startRebuild(await commandSide.ready(), NAME);
    await build(2);
    plant(2, "UPDATE ledger SET amount = '0.123' WHERE portfolioId = 'p-1' AND sequence = 2");
    await commandSide.stop();
    platform = await startPlatformProcess(folder);
    await until("it was found different", async () => {
      const all = await generationsShown(url(), NAME);
      return all.some(({ generation, phase }) => generation === 2 && phase === "different");
    });
    const watched = await runCli(["projections", "rebuild", NAME, ...data()]);
    expect(watched.exitCode, watched.stderr).to.equal(6);
    expect(watched.stderr).to.include('ledger ["p-1",2,0]').and.to.include("0.123");
    const live = (await generationsShown(url(), NAME)).find(({ phase }) => phase === "live");
    expect(live?.generation).to.equal(1);
    const unforced = ["projections", "promote", NAME, "--generation", "2", ...data()];
    expect((await runCli(unforced)).exitCode).to.equal(6);
    const cancel = ["projections", "cancel", NAME, "--reason", "a test", ...data()];
    expect((await runCli(cancel)).exitCode).to.equal(0);
    const right = await runCli(["projections", "rebuild", NAME, ...data()]);
    expect(right.exitCode, right.stderr).to.equal(0);
    expect(right.stdout).to.include("generation 3 is live: it equals generation 1");
  });

  /** As a projector would have built it. */
  async function build(generation: number): Promise<void> {
    const { projection, indexes } = registeredProjection(NAME);
    const file = generationFile(folder, NAME, generation);
    const store = new SqliteReadStore({ file, projection, indexes });
    const caughtUp = new AbortController();
    const observer = { onCaughtUp: () => caughtUp.abort() };
    await withHistory(folder, (history) => {
      return run({ ...history, projection, store, observer, signal: caughtUp.signal });
    });
    await store.close();
  }

  function plant(generation: number, sql: string): void {
    const database = new DatabaseSync(generationFile(folder, NAME, generation));
    expect(database.prepare(sql).run().changes).to.be.above(0);
    database.close();
  }
});
