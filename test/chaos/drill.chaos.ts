import { readdirSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { KillClients } from "../kill-clients.ts";
import { type SpawnedPlatform, spawnPlatform } from "../platform-process.ts";
import { untilCaughtUp } from "../rebuild-watch.ts";
import { runCli } from "../run-cli.ts";
import { OwnStack } from "./own-stack.ts";
import { placeOf } from "./platform.ts";
import { digestAll } from "./read-models.ts";
import { SAMPLE_SECONDS } from "./sample.ts";

const SERVERS = ["kafka", "registry", "postgres", "redis", "influxdb", "neo4j", "mongodb"];
const LOAD_MILLISECONDS = 10_000;
const PACE = { thinkingMs: 500, ticksPerRequest: 500 };
/** With rows in them; else the drill has shown little. */
const FEWEST_TABLES = 12;
const LONGEST_DRILL_MILLISECONDS = 20 * 60_000;

if (SAMPLE_SECONDS === null) {
  describe("a distributed platform of which nothing is left but its export", function () {
    this.timeout(LONGEST_DRILL_MILLISECONDS);
    const stack = new OwnStack();
    const exported = stack.folderFor("exported");
    let platform: SpawnedPlatform | null = null;

    after(async () => {
      await platform?.kill();
      await stack.remove();
    });

    /** Every part, in one process, in an empty folder of its own. */
    async function serve(folder: string): Promise<string> {
      platform = spawnPlatform(folder, stack.environment());
      return platform.ready();
    }

    async function stop(): Promise<void> {
      expect(await platform?.stop(), platform?.messages()).to.equal(0);
    }

    async function cli(folder: string, ...words: readonly string[]): Promise<void> {
      const run = await runCli(words, { ...stack.environment(), CH_DATA_FOLDER: folder });
      expect(run.exitCode, run.stderr).to.equal(0);
    }

    it("is imported into new servers, and its read models are built with the same rows", async () => {
      const [before, after] = [stack.folderFor("before"), stack.folderFor("after")];
      const clients = new KillClients(createRandom(printedSeed()), PACE);
      await stack.up(SERVERS, { freePorts: true });
      const url = await serve(before);
      clients.serveAt(url);
      await clients.start();
      await sleep(LOAD_MILLISECONDS);
      await clients.finish();
      await untilCaughtUp(url);
      await stop();
      const rows = await digestAll(placeOf(stack, { folder: before }));
      await cli(before, "log", "export", exported);

      await stack.destroyServers();
      rmSync(before, { recursive: true });
      expect(readdirSync(stack.folder), "left of the servers").to.deep.equal(["lock.guard"]);

      await stack.up(SERVERS, { freePorts: true });
      await cli(after, "log", "import", exported);
      await cli(after, "log", "verify");
      const again = await serve(after);
      await untilCaughtUp(again);
      await expectRepeated(again, clients);
      await stop();
      expect(await digestAll(placeOf(stack, { folder: after }))).to.deep.equal(rows);
      const counts = Object.values(rows).map(({ rows: count }) => count);
      expect(counts.filter((count) => count > 0).length).to.be.at.least(FEWEST_TABLES);
      const total = counts.reduce((sum, count) => sum + count, 0);
      print(`${total} rows in ${counts.length} tables, the same before and after`);
    });
  });
}

/** What the old platform has accepted is known to the new one by its id. */
async function expectRepeated(url: string, { commands }: KillClients): Promise<void> {
  const sent = commands.findLast(({ type, acknowledged }) => {
    return type === "DepositFunds" && (acknowledged?.eventIds.length ?? 0) > 0;
  });
  const answer = await fetch(`${url}/v1/portfolios/${sent?.aggregateId}/deposit-funds`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": sent?.commandId ?? "" },
    body: JSON.stringify(sent?.data),
  });
  const { events } = (await answer.json()) as { events: readonly { readonly id: string }[] };
  expect(events.map(({ id }) => id)).to.deep.equal(sent?.acknowledged?.eventIds);
}
