import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BigNumber } from "bignumber.js";
import { expect } from "chai";
import { decimal } from "../../platform/kernel/decimal.ts";
import { digestGeneration } from "../../projections/runner/digest.ts";
import { InfluxClient } from "../../projections/stores/influx/client.ts";
import type { InfluxStatement } from "../../projections/stores/influx/query.ts";
import { NO_SERVERS, openStore } from "../../projections/stores.ts";
import { tables } from "../../projections/ticks-and-candles/store.ts";
import {
  REFERENCES,
  type Row,
  referenceCandles,
  tickFiles,
  ticksByInstrument,
  untilProjected,
} from "../oracles/data.ts";
import { toldByQueries } from "../oracles/ticks.ts";
import { type PlatformProcess, startPlatformProcess } from "../platform-process.ts";
import { runCli } from "../run-cli.ts";
import { describeWithSampleData } from "../sample-data.ts";
import { INFLUX_START_MS, type PrivateInflux, startPrivateInflux } from "./private-influx.ts";

const NAME = "ticks-and-candles";
const DATABASE = "ticks_and_candles_g1";
const KILLS = 2;
const LONG_MS = 300_000;
/** The reference rounds half-even to so many places. */
const VWAP_PLACES = 12;

describeWithSampleData("the sample ticks in InfluxDB, by the whole platform", (data) => {
  const root = mkdtempSync(join(tmpdir(), "cipherhorizon-ticks-"));
  const folder = join(root, "data");
  let server: PrivateInflux;
  let client: InfluxClient;
  let platform: PlatformProcess;

  before(async function () {
    this.timeout(INFLUX_START_MS);
    const started = await startPrivateInflux();
    if (started === null) return this.skip();
    server = started;
    client = new InfluxClient({ url: server.url, connections: 1 });
    const files = tickFiles(data).map((file) => join(data, "ticks", file));
    const words = ["import", "ticks", ...files, "--register", "--json", "--data", folder];
    const run = await runCli(words);
    expect(run.exitCode, run.stderr).to.equal(0);
    platform = await startPlatform();
    for (let kill = 0; kill < KILLS; kill += 1) {
      server.kill();
      await server.start();
      await platform.kill();
      platform = await startPlatform();
    }
    await untilProjected(platform.url);
  });

  after(async function () {
    this.timeout(LONG_MS);
    await platform?.stop();
    client?.close();
    await server?.destroy();
    rmSync(root, { recursive: true, force: true });
  });

  function startPlatform(): Promise<PlatformProcess> {
    return startPlatformProcess(folder, { CH_INFLUX_URL: server.url });
  }

  /** Plain InfluxQL, as anybody might write it. */
  async function rowsOf(statement: InfluxStatement) {
    const [series = []] = await client.query(DATABASE, [statement]);
    return series;
  }

  it("are as many points as the files have lines, of each instrument", async () => {
    const text = 'SELECT count("price") FROM "ticks" GROUP BY "instrumentId"';
    const counted = await rowsOf({ text, values: [] });
    const found = counted.map(({ tags, values }) => [tags?.["instrumentId"], values[0]?.[1]]);
    const expected = [...ticksByInstrument(data)].map(([id, { length }]) => [id, length]);
    expect(found).to.have.deep.members(expected);
  });

  it("make the minutes of the references, as the last point of each says", async () => {
    for (const reference of REFERENCES.filter(({ interval }) => interval === "1m")) {
      for (const [id, expected] of referenceCandles(data, reference)) {
        const fields = [...EXACT, "trades"].map((name) => `last("${name}") AS "${name}"`);
        const [series] = await rowsOf({
          text: `SELECT ${fields.join()} FROM "minutes" WHERE "instrumentId" = ?
                 AND time >= '2010-01-01' AND time < '2030-01-01' GROUP BY time(1m) fill(none)`,
          values: [id],
        });
        const { columns = [], values = [] } = series ?? {};
        const found = values.map((one) => {
          return lineOf(Object.fromEntries(columns.map((name, i) => [name, String(one[i])])));
        });
        expect(found.slice(0, expected.length), id).to.deep.equal(expected.map(referenceLine));
      }
    }
  });

  toldByQueries(data, () => platform.url);

  it("come to the same digest as in SQLite", async () => {
    const there = { folder, servers: { ...NO_SERVERS, influx: server.url } };
    const inInflux = await openStore(there, NAME, 1);
    const digest = await digestGeneration(inInflux, tables);
    await inInflux.close();
    await platform.stop();
    platform = await startPlatformProcess(folder);
    await untilProjected(platform.url);
    const inSqlite = await openStore({ folder, servers: NO_SERVERS }, NAME, 1);
    expect(digest).to.deep.equal(await digestGeneration(inSqlite, tables));
    await inSqlite.close();
  }).timeout(LONG_MS);
});

const EXACT = ["open", "high", "low", "close", "volume", "quoteVolume", "buyVolume", "vwap"].map(
  (name) => `${name}_text`,
);

function lineOf(row: Readonly<Record<string, string>>): string {
  const texts = EXACT.slice(0, -1).map((name) => row[name]);
  const timeMs = Date.parse(row["time"] ?? "");
  return [timeMs, ...texts, row["trades"], rounded(row["vwap_text"] ?? "")].join();
}

function referenceLine(row: Row): string {
  const { timestamp, open, high, low, close, volume, trades, vwap = "" } = row;
  const prices = [timestamp, open, high, low, close];
  return [...prices, volume, row["quote_volume"], row["buy_volume"], trades, rounded(vwap)].join();
}

function rounded(vwap: string): string {
  return decimal(vwap === "" ? "0" : vwap).toFixed(VWAP_PLACES, BigNumber.ROUND_HALF_EVEN);
}
