import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/telemetry/logger.ts";

const READY_WITHIN_MILLISECONDS = 30_000;
const LOOK_EVERY_MILLISECONDS = 50;

/** Byte for byte as users send it. */
const DOCUMENT =
  '{"_id":"strategy_123","name":"Momentum Trading","type":"momentum","rules":[{"indicator":"RSI","condition":"above_70","action":"sell"}],"risk_profile":{"max_loss":0.05,"volatility":0.2}}';

describe("a strategy's document over HTTP", function () {
  this.timeout(60_000);
  let platform: Platform;
  let folder = "";

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-strategies-"));
    const config = readConfig({ CH_DATA_FOLDER: folder });
    const logger = createLogger("error");
    const parts = ["command-side", "projections", "query-api"] as const;
    platform = await startPlatform({ config, parts, logger, port: 0 });
    await untilReady(`${platform.url}/readyz`);
  });

  after(async () => {
    await platform?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("comes back with the same names and types, beside its status and version", async () => {
    const url = `${platform.url}/v1/strategies`;
    const headers = { "content-type": "application/json" };
    const sent = await fetch(url, { method: "POST", headers, body: DOCUMENT });
    expect(sent.status).to.equal(201);
    expect(await sent.json()).to.deep.include({ id: "strategy_123", ...JSON.parse(DOCUMENT) });

    const token = sent.headers.get("consistency-token") ?? "";
    const read = await fetch(`${url}/strategy_123`, {
      headers: { "consistency-token": token, prefer: "wait=10" },
    });
    expect(read.status).to.equal(200);
    const { data } = (await read.json()) as { data: Record<string, unknown> };
    const fields = Object.keys(JSON.parse(DOCUMENT));
    const back = Object.fromEntries(Object.entries(data).filter(([name]) => fields.includes(name)));
    expect(JSON.stringify(back)).to.equal(DOCUMENT);
    expect(data).to.include({ status: "draft", version: 1, visibility: "private" });
  });

  it("is found by each of its words, and by no others", async () => {
    const found = async (query: string) => {
      const answer = await fetch(`${platform.url}/v1/strategies?${query}`);
      expect(answer.status, query).to.equal(200);
      const { data } = (await answer.json()) as { data: { _id: string }[] };
      return data.map(({ _id }) => _id);
    };
    for (const query of [
      "text=momentum+TRADING",
      "text=tra+mom%C3%A9",
      "text=%22mom*%22+-",
      "type=momentum",
      "indicator=RSI",
      "status=draft",
    ]) {
      expect(await found(query), query).to.deep.equal(["strategy_123"]);
    }
    for (const query of [
      "text=grid",
      "text=omentum",
      "text=momentum+OR+grid",
      "text=*",
      "type=grid",
      "indicator=RS",
      "tag=btc",
      "instrument=x",
    ]) {
      expect(await found(query), query).to.deep.equal([]);
    }
  });
});

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MILLISECONDS;
  while (!(await fetch(url)).ok) {
    if (performance.now() > deadline) throw new Error(`${url} was not ready in time`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}
