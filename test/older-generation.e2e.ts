import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Part, type Platform, startPlatform } from "../cli/serve/platform.ts";
import { EXAMPLE_DOCUMENT } from "../command-side/contexts/strategies/strategy/commands.ts";
import { readConfig } from "../platform/config/config.ts";
import { PlatformError } from "../platform/errors/catalogue.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import { generationFile } from "../projections/runner/generation-files.ts";
import { run } from "../projections/runner/runner.ts";
import { openSqliteGeneration } from "../projections/stores/sqlite/reader.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import { strategies } from "../projections/strategies/projection.ts";
import { SqliteStrategyReader } from "../projections/strategies/sqlite.ts";
import { rejection } from "./contracts/read-store/disturbances.ts";
import { filterOf } from "./contracts/strategies-reader/stories.ts";
import { withHistory } from "./history/read-history.ts";
import { generationsShown, until } from "./rebuild-watch.ts";

/** Before the text search had an index of its own. */
const OLDER = { ...strategies, version: 1 };

describe("a data folder whose strategies were built by older code", function () {
  this.timeout(60_000);
  let folder: string;
  let platform: Platform | null = null;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-older-"));
    const { url } = await serve(["command-side"]);
    await send(`${url}/v1/projections/strategies/start-generation`, { version: 1, reason: "old" });
    await send(`${url}/v1/strategies`, { _id: "s-1", ...EXAMPLE_DOCUMENT });
    await build();
    await stop();
  });

  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is read as it is by newer code, but not searched for words", async () => {
    const generation = openSqliteGeneration({
      file: generationFile(folder, "strategies", 1),
      makeReader: (queries) => new SqliteStrategyReader(queries),
    });
    if (generation === null) throw new Error("generation 1 is not there");
    const ask = (filter: Parameters<typeof filterOf>[1]) => {
      const page = { after: null, limit: 5 };
      return generation.read((reader) => reader.strategies(filterOf("anonymous", filter), page));
    };
    const byType = await ask({ type: "momentum" });
    expect(byType.result.items.map(({ strategyId }) => strategyId)).to.deep.equal(["s-1"]);
    const refused = await rejection(ask({ text: "momentum" }));
    expect(refused).to.be.instanceOf(PlatformError).with.property("code", "NOT_READY");
    await generation.close();
  });

  it("has no row explained by newer code, which would project something else", async () => {
    const { url } = await serve(["command-side", "query-api"]);
    await until("the old generation is read", async () => {
      return (await fetch(`${url}/v1/strategies/s-1`)).ok;
    });
    const answer = await fetch(`${url}/v1/projections/strategies/explain?key=["s-1"]`);
    expect(answer.status).to.equal(503);
    expect(await answer.text())
      .to.include('"NOT_READY"')
      .and.match(/generation 1 of strategies was built at version 1, and this is version \d/);
  });

  it("gets a generation of the newer version, is searched, and loses the old one", async () => {
    const { url } = await serve(["command-side", "projections", "query-api"]);
    await until("the words are found", async () => {
      const answer = await fetch(`${url}/v1/strategies?text=mom`);
      expect(answer.status).to.be.oneOf([200, 503]);
      return answer.ok && (await answer.text()).includes('"s-1"');
    });
    await until("the old generation is retired", async () => {
      const all = await generationsShown(url, "strategies");
      return all.some(({ generation, phase }) => generation === 1 && phase === "retired");
    });
    const shown = await generationsShown(url, "strategies");
    expect(shown.map(({ version, phase }) => [version, phase])).to.deep.equal([
      [1, "retired"],
      [strategies.version, "live"],
    ]);
  });

  async function serve(parts: readonly Part[]): Promise<Platform> {
    const config = readConfig({ CH_DATA_FOLDER: folder, CH_GENERATION_GRACE_SECONDS: "1" });
    platform = await startPlatform({ config, parts, logger: createLogger("error"), port: 0 });
    return platform;
  }

  async function stop(): Promise<void> {
    await platform?.stop();
    platform = null;
  }

  /** Generation 1 as the older code would have built it. */
  async function build(): Promise<void> {
    const file = generationFile(folder, "strategies", 1);
    const store = new SqliteReadStore({ file, projection: OLDER });
    const caughtUp = new AbortController();
    const observer = { onCaughtUp: () => caughtUp.abort() };
    await withHistory(folder, async (history) => {
      const parts = { ...history, projection: OLDER, store, observer };
      const end = await run({ ...parts, signal: caughtUp.signal });
      expect(end.reason).to.equal("stopped");
    });
    await store.close();
  }
});

async function send(url: string, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}
