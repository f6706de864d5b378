import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect } from "chai";
import { generationFile } from "../../projections/runner/generation-files.ts";
import { InfluxClient } from "../../projections/stores/influx/client.ts";
import { generationSchema } from "../../projections/stores/postgres/schema.ts";
import { print } from "../contracts/log/seed.ts";
import { type PlatformProcess, startPlatformProcess } from "../platform-process.ts";
import { untilCaughtUp } from "../rebuild-watch.ts";
import { jsonLines, runCli } from "../run-cli.ts";

const NAME = "ticks-and-candles";
const TICKS = 1_000_000;
const FIRST_TICK_MS = 1_700_000_000_000;
const TICK_STEP_MS = 40;
const PLANTED = TICKS / 2 + 7;
const PLANTED_PRICE = "777.77";
const WRITTEN_AT_ONCE = 10_000;

/** By hand, `npm run test:large`: among a million rows one wrong row is found and named. */
describe("one wrong row in a million", function () {
  this.timeout(1_200_000);
  const influx = process.env["CH_INFLUX_URL"];

  it("is found and named in SQLite", () => withMillion({}, plantInSqlite));

  if (influx === undefined) it("is found and named in InfluxDB (CH_INFLUX_URL)");
  else {
    it("is found and named in InfluxDB", () => {
      return withMillion({ CH_INFLUX_URL: influx }, () => plantInInflux(influx));
    });
  }
});

async function withMillion(
  environment: Readonly<Record<string, string>>,
  plant: (folder: string) => unknown,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-million-"));
  let platform: PlatformProcess | null = null;
  try {
    platform = await startPlatformProcess(folder, environment);
    const verified = (...more: readonly string[]) => {
      const words = ["projections", "verify", NAME, "--data", folder, ...more];
      return runCli(words, environment);
    };
    await takeIn(folder, platform.url);
    const sound = await verified("--json");
    expect(sound.exitCode, sound.stderr).to.equal(0);
    const [{ tables } = { tables: [] }] = jsonLines(sound.stdout) as { tables: Counted[] }[];
    print(tables.map(({ table, rows }) => `${table}: ${rows} rows`).join(", "));
    expect(tables.find(({ table }) => table === "ticks")?.rows).to.equal(TICKS);
    await plant(folder);
    const wrong = await verified();
    expect(wrong.exitCode).to.equal(6);
    print(wrong.stderr.trim());
    expect(wrong.stderr).to.include("ticks [").and.include(PLANTED_PRICE);
    expect(wrong.stderr).to.include(priceOf(PLANTED));
  } finally {
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Counted {
  readonly table: string;
  readonly rows: number;
}

async function takeIn(folder: string, url: string): Promise<void> {
  const file = join(folder, "ticks.csv");
  await pipeline(Readable.from(csv()), createWriteStream(file));
  const imported = await runCli(["import", "ticks", file, "--register", "--data", folder]);
  expect(imported.exitCode, imported.stderr).to.equal(0);
  await untilCaughtUp(url);
}

function* csv(): Generator<string> {
  let text = "exchange,symbol,price,volume,timestamp,trade_id,side\n";
  for (let id = 1; id <= TICKS; id += 1) {
    const time = FIRST_TICK_MS + id * TICK_STEP_MS;
    text += `binance,BTCUSDT,${priceOf(id)},0.5,${time},${id},${id % 3 === 0 ? "sell" : "buy"}\n`;
    if (id % WRITTEN_AT_ONCE !== 0) continue;
    yield text;
    text = "";
  }
  yield text;
}

function priceOf(id: number): string {
  return `${60_000 + (id % 997)}.${10 + (id % 89)}`;
}

function plantInSqlite(folder: string): void {
  const database = new DatabaseSync(generationFile(folder, NAME, 1));
  const sql = "UPDATE ticks SET price = ? WHERE timeMs = ?";
  const { changes } = database.prepare(sql).run(PLANTED_PRICE, timeOf(PLANTED));
  database.close();
  expect(changes).to.equal(1);
}

/** A point of the same series and time is the same point: its price is written over. */
async function plantInInflux(url: string): Promise<void> {
  const client = new InfluxClient({ url, connections: 1 });
  const database = generationSchema(NAME, 1);
  const time = `${timeOf(PLANTED)}000000`;
  const text = `SELECT price FROM ticks WHERE time = ${time} GROUP BY *`;
  const [[series] = []] = await client.query(database, [{ text, values: [] }]);
  const tags = Object.entries(series?.tags ?? {}).filter(([, value]) => value !== "");
  expect(tags).to.have.length.above(1);
  const point = ["ticks", ...tags.map(([tag, value]) => `${tag}=${value}`)].join(",");
  await client.write(database, `${point} price=${PLANTED_PRICE} ${time}`);
  client.close();
}

function timeOf(id: number): number {
  return FIRST_TICK_MS + id * TICK_STEP_MS;
}
