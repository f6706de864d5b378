import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/telemetry/logger.ts";

const TICK = { exchange: "x", symbol: "AB", price: "1.5", volume: 2, timestamp: 1_723_161_255_342 };
const LISTING = {
  exchange: "x",
  symbol: "AB",
  base: "A",
  quote: "B",
  priceStep: "0.1",
  quantityStep: "0.1",
};
const NOTHING = { accepted: 0, duplicates: 0, beyondHorizon: 0, rejected: 0, quarantined: 0 };

describe("ticks of an unknown symbol", () => {
  let folder: string;
  let platform: Platform;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-quarantine-"));
    platform = await startPlatform({
      config: readConfig({ CH_DATA_FOLDER: folder }),
      parts: ["command-side", "projections", "query-api"],
      logger: createLogger("warn"),
      port: 0,
    });
  });

  after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true });
  });

  async function post(path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(platform.url + path, {
      method: "POST",
      ...(body === undefined
        ? {}
        : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
    expect(response.status, `${path}: ${response.status}`).to.be.lessThan(300);
    return (await response.json()) as Record<string, unknown>;
  }

  it("are set aside once, and taken in when the instrument is there and somebody asks", async () => {
    const ticks = [TICK, TICK, { ...TICK, price: "1.7" }];
    expect(await post("/v1/market/ticks", ticks)).to.include({ ...NOTHING, quarantined: 3 });
    expect(await post("/v1/market/ticks", ticks)).to.include({ ...NOTHING, quarantined: 3 });
    const early = await post("/v1/quarantines/x:AB/replay");
    expect(early).to.include({ ...NOTHING, quarantined: 3 });
    await post("/v1/instruments/x:A-B/register-instrument", LISTING);
    const replayed = await post("/v1/quarantines/x:AB/replay");
    expect(replayed).to.include({ ...NOTHING, accepted: 3 });
    const again = await post("/v1/quarantines/x:AB/replay");
    expect(again).to.include({ ...NOTHING, duplicates: 3 });
    expect(await post("/v1/market/ticks", ticks)).to.include({ ...NOTHING, duplicates: 3 });
  });
});
