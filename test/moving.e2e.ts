import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { startPlatformProcess } from "./platform-process.ts";
import { INSTRUMENT, ReadingClient } from "./reading-client.ts";
import { jsonLines, runCli } from "./run-cli.ts";

const SPOT = {
  exchange: "binance",
  symbol: "BTCUSDT",
  base: "BTC",
  quote: "USDT",
  priceStep: "0.01",
  quantityStep: "0.0001",
};

const ASKED = [
  "/v1/portfolios",
  "/v1/portfolios/p-1",
  "/v1/portfolios/p-1/trades",
  `/v1/instruments/${INSTRUMENT}/ticks?limit=500`,
];

describe("a platform that is carried into another folder", function () {
  this.timeout(240_000);
  let root: string;
  let old: string;
  let exported: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "cipherhorizon-carried-"));
    [old, exported] = [join(root, "old"), join(root, "exported")];
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function cli(...words: string[]) {
    const run = await runCli(["log", ...words, "--json"]);
    expect(run.exitCode, run.stderr).to.equal(0);
    return jsonLines(run.stdout)[0];
  }

  async function asking<T>(folder: string, use: (client: ReadingClient) => Promise<T>): Promise<T> {
    const client = new ReadingClient(folder, await startPlatformProcess(folder));
    try {
      return await use(client);
    } finally {
      await client.platform.stop();
    }
  }

  async function answers(client: ReadingClient): Promise<unknown[]> {
    const all: unknown[] = [];
    for (const path of ASKED) {
      const { status, body } = await client.caughtUp(path);
      expect(status, path).to.equal(200);
      all.push(body["data"]);
    }
    return all;
  }

  it("answers the same from read models that are built anew, and goes on", async () => {
    const before = await asking(old, async (client) => {
      await client.command(`instruments/${INSTRUMENT}/register-instrument`, SPOT);
      await client.command("portfolios/p-1/open-portfolio", { name: "p-1" });
      for (let i = 0; i < 3; i += 1) await client.deposit("p-1", `reference-${i}`);
      await client.sendTicks(0, 50);
      for (let i = 0; i < 5; i += 1) await client.trade(i);
      const all = await answers(client);
      const made = await cli("export", exported, "--data", old);
      expect(made).to.have.property("logId");
      return all;
    });
    await cli("import", exported, "--data", join(root, "new"));
    await asking(join(root, "new"), async (client) => {
      expect(await answers(client)).to.deep.equal(before);
      // What the old platform has booked is known here, too.
      await client.deposit("p-1", "reference-0");
      expect(await answers(client)).to.deep.equal(before);
      await client.deposit("p-1", "afterwards");
      expect(await answers(client)).to.not.deep.equal(before);
    });
  });

  it("leaves no log when the import is refused, and is not put where something is", async () => {
    await asking(old, (client) => client.command("portfolios/p-1/open-portfolio", { name: "p" }));
    await cli("export", exported, "--data", old);
    const none = await runCli(["log", "import", root, "--data", join(root, "new")]);
    expect([none.exitCode, existsSync(join(root, "new"))]).to.deep.equal([5, false]);
    rmSync(join(exported, "portfolio.events-0.ndjson.gz"));
    const refused = await runCli(["log", "import", exported, "--data", join(root, "new")]);
    expect(refused.exitCode, refused.stderr).to.equal(4);
    expect(existsSync(join(root, "new", "log.db"))).to.equal(false);
    expect(readdirSync(join(root, "new"))).to.include("incoming");
    const again = await runCli(["log", "import", exported, "--data", join(root, "new")]);
    expect([again.exitCode, again.stderr.includes("not empty")]).to.deep.equal([5, true]);
  });
});
