import { expect } from "chai";
import { examineReadServers } from "../../cli/doctor/read-servers.ts";
import { NO_SERVERS } from "../../projections/stores.ts";
import { ticksAndCandles } from "../../projections/ticks-and-candles/projection.ts";
import { type Answer, AskedPlatform, HAPPENS_WITHIN_MS, until } from "./asked-platform.ts";
import { INFLUX_START_MS, type PrivateInflux, startPrivateInflux } from "./private-influx.ts";

const ID = "binance:BTC-USDT";
const OLD_MS = Date.parse("2024-08-08T12:00:10Z");
const LATER_MS = Date.parse("2024-08-20T12:00:10Z");

describe("the platform with its ticks and candles in InfluxDB", function () {
  this.timeout(3 * HAPPENS_WITHIN_MS);
  let server: PrivateInflux;
  let asked: AskedPlatform;

  before(async function () {
    this.timeout(INFLUX_START_MS);
    const started = await startPrivateInflux();
    if (started === null) return this.skip();
    server = started;
    asked = await AskedPlatform.start({ CH_INFLUX_URL: server.url });
    const listing = { exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" };
    const steps = { priceStep: "0.01", quantityStep: "0.01" };
    await asked.command(`instruments/${ID}/register-instrument`, { ...listing, ...steps });
  });

  after(async () => {
    await asked?.stop();
    await server?.destroy();
  });

  async function recordTicks(fromMs: number, prices: readonly string[]): Promise<Answer> {
    const ticks = prices.map((price, i) => ({ timeMs: fromMs + i, price, volume: "1" }));
    const data = { source: "backfill", ticks };
    const answer = await asked.command(`instruments/${ID}/record-ticks`, data);
    expect(answer.status, JSON.stringify(answer.body)).to.be.below(300);
    return answer;
  }

  async function lastPriceAfter(answer: Answer): Promise<unknown> {
    const last = await asked.dataAfter(answer, `/v1/instruments/${ID}/last-price`);
    return (last as { readonly price: string }).price;
  }

  function placeOf(url: string) {
    return { folder: "nowhere", servers: { ...NO_SERVERS, influx: url } };
  }

  it("says which store it has chosen for each read model", () => {
    const [influx, sqlite] = asked.platform.stores;
    expect(influx?.projections).to.deep.equal(["ticks-and-candles"]);
    expect(influx?.store).to.match(/^InfluxDB .* at 127\.0\.0\.1:\d+$/);
    expect(sqlite?.projections).to.include("portfolios");
  });

  it("answers from there what was commanded before", async () => {
    expect(await lastPriceAfter(await recordTicks(LATER_MS, ["200", "201"]))).to.equal("201");
  });

  it("revises a minute from the ticks that are stored there", async () => {
    await recordTicks(OLD_MS, ["100", "110", "90"]);
    const query = "interval=1m&from=2024-08-08T12:00:00Z&to=2024-08-08T12:01:00Z";
    const versionOf = async () => (await asked.get(`/v1/instruments/${ID}`)).body.data?.["version"];
    await until(async () => (await versionOf()) === 4);
    const { body } = await asked.get(`/v1/instruments/${ID}/candles?${query}`);
    const [candle] = body["data"] as unknown as readonly Record<string, unknown>[];
    expect(candle).to.include({ open: "100", high: "110", low: "90", close: "90", trades: 3 });
  });

  it("takes commands while InfluxDB is away, says so to queries, and catches up", async () => {
    server.kill();
    const recorded = await recordTicks(LATER_MS + 1_000, ["202"]);
    const away = await asked.get(`/v1/instruments/${ID}/last-price`);
    expect(away.status).to.equal(503);
    expect((await asked.get("/v1/portfolios")).status, "other stores go on").to.equal(200);
    await asked.untilStuck("ticks-and-candles");
    await server.start();
    expect(await lastPriceAfter(recorded)).to.equal("202");
    await asked.untilReady();
  });

  it("explains a row there by the events that made it", async () => {
    const row = { projection: "ticks-and-candles", table: "versions", key: [ID] };
    const recorded = await recordTicks(LATER_MS + 1_500, ["202.5"]);
    const { events } = await asked.explainedAfter(recorded, row);
    expect(events[0]).to.include({ type: "InstrumentRegistered", sequence: 1 });
    expect(events.map(({ sequence }) => sequence)).to.deep.equal(events.map((_, i) => i + 1));
  });

  it("is rebuilt there, and readers go over to the new generation", async () => {
    const rebuild = { version: ticksAndCandles.version, reason: "test" };
    const path = "projections/ticks-and-candles/start-generation";
    expect((await asked.command(path, rebuild)).status).to.be.below(300);
    const price = `/v1/instruments/${ID}/last-price`;
    await until(async () => (await asked.get(price)).body["generation"] === 2);
    expect(await lastPriceAfter(await recordTicks(LATER_MS + 2_000, ["203"]))).to.equal("203");
    const generations = async () => {
      const found = await examineReadServers(placeOf(server.url));
      const [finding] = found.findings;
      expect(finding).to.include({ level: "ok", about: "influx" });
      return found.generations.map(({ projection, generation }) => `${projection} ${generation}`);
    };
    await until(async () => (await generations()).length === 1);
    expect(await generations(), "the old one is dropped").to.deep.equal(["ticks-and-candles 2"]);
  });

  it("is looked at by the doctor, who says what to do", async () => {
    const { findings } = await examineReadServers(placeOf("http://127.0.0.1:1"));
    expect(findings[0]).to.include({ level: "fail", about: "influx" });
    expect(findings[0]?.todo).to.include("CH_INFLUX_URL");
  });
});
