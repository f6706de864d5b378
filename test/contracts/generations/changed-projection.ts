import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../../../cli/demo/random.ts";
import { portfolios } from "../../../projections/portfolios/projection.ts";
import { tables } from "../../../projections/portfolios/store.ts";
import { openStore, type StoreServers } from "../../../projections/stores.ts";
import { copyCode } from "../../copied-code.ts";
import { KillClients } from "../../kill-clients.ts";
import {
  type PlatformProcess,
  type SpawnedPlatform,
  spawnPlatform,
  startPlatformProcess,
} from "../../platform-process.ts";
import { PollingReader } from "../../rebuild-readers.ts";
import { generationsShown, until } from "../../rebuild-watch.ts";
import { runCli } from "../../run-cli.ts";
import { printedSeed } from "../log/seed.ts";

const NAME = "portfolios";
const OURS = portfolios.version;
const HISTORY_MILLISECONDS = 2_000;
const QUERY = {
  path: "/v1/portfolios/p-1/ledger?limit=300",
  keyOf: (row: Record<string, unknown>) => `${row["sequence"]}/${row["posting"]}`,
  immutable: true,
};

/** One column more, declared; without the declaration nothing could be compared. */
const NEWER = {
  "projections/portfolios/projection.ts": [
    [`version: ${OURS},`, `version: ${OURS + 1},`],
    [
      "changes: { since: 1, differs: [] },",
      `changes: { since: ${OURS}, differs: ["versions.kind"] },`,
    ],
    [
      "row: { portfolioId, version: sequence,",
      "row: { portfolioId, kind: event.type, version: sequence,",
    ],
  ],
  "projections/portfolios/store.ts": [
    [
      'columns: { version: "integer", changedAtMs: "integer" }',
      'columns: { kind: "text", version: "integer", changedAtMs: "integer" }',
    ],
  ],
} as const;

/** Of all its processes, and where they keep the read model by it. */
export interface ChangedProjectionPlace {
  readonly environment: Readonly<Record<string, string>>;
  readonly servers: StoreServers;
}

/** A column more, fed by newer code beside the older. Call it within `describe`. */
export function changedProjectionContract(place: () => ChangedProjectionPlace): void {
  let environment: Readonly<Record<string, string>>;
  let folder: string;
  let code: string;
  let older: PlatformProcess;
  let newer: SpawnedPlatform | null = null;
  let clients: KillClients;
  let reader: PollingReader | null = null;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-changed-"));
    code = mkdtempSync(join(tmpdir(), "cipherhorizon-newer-"));
    // The old one is kept for as long as the test may take.
    environment = { CH_GENERATION_GRACE_SECONDS: "300", ...place().environment };
    older = await startPlatformProcess(folder, environment);
    clients = new KillClients(createRandom(printedSeed()), {
      thinkingMs: 100,
      ticksPerRequest: 50,
    });
    clients.serveAt(older.url);
    await clients.start();
    await sleep(HISTORY_MILLISECONDS);
  });

  afterEach(async () => {
    await reader?.stop();
    await newer?.kill();
    await older.kill();
    for (const one of [folder, code]) rmSync(one, { recursive: true, force: true });
  });

  it("differs as declared, is promoted, rolled back from, and promoted again while all read", async () => {
    await until("it can be read", async () => (await fetch(older.url + QUERY.path)).ok);
    reader = new PollingReader(older.url, QUERY);
    newer = startNewer();
    await untilLive(2);
    const [first, second] = await shown();
    expect(first).to.include({ version: OURS, phase: "replaced" });
    expect(second).to.include({ version: OURS + 1, phase: "live", verified: true });
    expect(second?.certificate?.leftOut).to.deep.equal(["versions.kind"]);
    expect(await kindsIn(2)).to.include("FundsDeposited");
    await untilBothMove();

    const why = ["--reason", "a test"];
    const unforced = await run(["rollback", NAME, ...why]);
    expect(unforced.exitCode).to.equal(6);
    expect(unforced.stderr).to.include("GENERATION_OF_OTHER_VERSION");
    const back = await run(["rollback", NAME, "--force", ...why]);
    expect(back.exitCode, back.stderr).to.equal(0);
    await untilLive(1);
    await untilBothMove();

    const again = await run(["promote", NAME, "--generation", "2"]);
    expect(again.exitCode, again.stderr).to.equal(0);
    await untilLive(2);
    await untilBothMove();
    await reader.stop();
    await clients.finish();
    expect(reader.findings).to.deep.equal([`${QUERY.path}: generation 1 after 2`]);
    expect([...reader.generations]).to.deep.equal([1, 2]);
  });

  function startNewer(): SpawnedPlatform {
    return spawnPlatform(folder, environment, "projections", {
      names: [NAME],
      launcher: copyCode(code, NEWER),
    });
  }

  function run(words: readonly string[]) {
    return runCli(["projections", ...words, "--data", folder], environment);
  }

  async function shown() {
    return generationsShown(older.url, NAME);
  }

  async function untilLive(expected: number): Promise<void> {
    await until(`generation ${expected} is live`, async () => {
      return (await shown()).some((one) => one.generation === expected && one.phase === "live");
    });
  }

  /** Each is fed by the code that has built it, whichever is live. */
  async function untilBothMove(): Promise<void> {
    const before = await positions();
    await until("both have moved", async () => {
      const now = await positions();
      return now.length === 2 && now.every((position, i) => position > (before[i] ?? 0));
    });
  }

  async function positions(): Promise<number[]> {
    const all = await shown();
    return all.map(({ position }) => {
      return Object.values(position ?? {}).reduce((sum, next) => sum + next, 0);
    });
  }

  async function kindsIn(generation: number): Promise<ReadonlySet<unknown>> {
    const { key, columns } = tables.versions;
    const newer = { versions: { key, columns: { ...columns, kind: "text" } } } as const;
    const store = await openStore({ folder, servers: place().servers }, NAME, generation, newer);
    const kinds = new Set<unknown>();
    for await (const { row } of store.rows("versions")) kinds.add(row["kind"]);
    await store.close();
    return kinds;
  }
}
