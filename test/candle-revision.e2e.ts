import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/telemetry/logger.ts";

const ID = "binance:BTC-USDT";
const OLD_MS = Date.parse("2024-08-08T12:00:10Z");
const LATER_MS = Date.parse("2024-08-20T12:00:10Z");
const WITHIN_MS = 60_000;

describe("a minute older than its instrument's state", function () {
  this.timeout(120_000);
  let folder: string;
  let platform: Platform;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-revision-"));
    const config = readConfig({ CH_DATA_FOLDER: folder });
    const parts = ["command-side", "projections", "query-api"] as const;
    platform = await startPlatform({ config, parts, logger: createLogger("error"), port: 0 });
    const listing = { exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" };
    await post("register-instrument", { ...listing, priceStep: "0.01", quantityStep: "0.01" });
    await recordTicks(LATER_MS, ["200"]);
  });

  after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true });
  });

  async function post(name: string, body: unknown): Promise<void> {
    const response = await fetch(`${platform.url}/v1/instruments/${ID}/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.ok, await response.text()).to.equal(true);
  }

  function recordTicks(fromMs: number, prices: readonly string[]): Promise<void> {
    const ticks = prices.map((price, i) => ({ timeMs: fromMs + i, price, volume: "1" }));
    return post("record-ticks", { source: "backfill", ticks });
  }

  /** The instrument's version: the count of its events. */
  async function untilVersion(version: number): Promise<void> {
    const deadline = performance.now() + WITHIN_MS;
    while (performance.now() < deadline) {
      const response = await fetch(`${platform.url}/v1/instruments/${ID}`);
      const body = response.ok ? ((await response.json()) as { data: { version: number } }) : null;
      if (body?.data.version === version) return;
      await sleep(50);
    }
    throw new Error(`version ${version} did not come`);
  }

  it("is revised from its stored ticks, and once more when it gets further ones", async () => {
    await recordTicks(OLD_MS, ["100", "110", "90"]);
    await untilVersion(4);
    await recordTicks(OLD_MS + 1_000, ["120"]);
    await untilVersion(6);
    const query = "interval=1m&from=2024-08-08T12:00:00Z&to=2024-08-08T12:01:00Z";
    const response = await fetch(`${platform.url}/v1/instruments/${ID}/candles?${query}`);
    const { data } = (await response.json()) as { data: Record<string, unknown>[] };
    expect(data).to.have.length(1);
    expect(data[0]).to.include({ open: "100", high: "120", low: "90", close: "120", trades: 4 });
  });

  it("is told by the metrics of its manager, with nothing left to do", async () => {
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    expect(metrics).to.include('process_manager_gap_events{manager="candle-revision"}');
    expect(metrics).to.include('process_manager_outbox_commands{manager="candle-revision"}');
  });
});
