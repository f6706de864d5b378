import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { load, send } from "./http-load.ts";
import { appends } from "./metrics.ts";
import { rawCommitsPerSecond, rawHttp, rawRowsPerSecond } from "./raw-limits.ts";
import type { Figure, Section } from "./report.ts";
import type { Bench, BenchPlatform } from "./sections.ts";

const CLI = fileURLToPath(new URL("../cli/cipherhorizon.mjs", import.meta.url));
const PORTFOLIOS = 64;
const COMMANDS = 20_000;
const IN_FLIGHT = 64;
const TICKS = 200_000;
const QUERIES = 4_000;
const QUERIES_IN_FLIGHT = 8;
const PROJECTED_WITHIN_MILLISECONDS = 120_000;

/** How much goes in and comes out at most, one kind after the other. */
export async function measureThroughput({ start }: Bench): Promise<Section> {
  const platform = await start();
  return {
    name: "throughput",
    figures: [
      ...(await commandFigures(platform)),
      ...(await tickFigures(platform)),
      ...(await importFigures(platform)),
      ...(await projectionFigures(platform)),
      ...(await queryFigures(platform)),
    ],
  };
}

async function commandFigures({ url, folder }: BenchPlatform): Promise<Figure[]> {
  const body = JSON.stringify({ asset: "USDT", amount: "1000.5", externalReference: "bench" });
  for (let i = 0; i < PORTFOLIOS; i += 1) {
    const open = JSON.stringify({
      name: `Bench ${i}`,
      baseCurrency: "USDT",
      costMethod: "average",
    });
    await send(url, { method: "POST", path: `/v1/portfolios/b-${i}/open-portfolio`, body: open });
  }
  const commits = rawCommitsPerSecond();
  const http = await rawHttp({ count: COMMANDS, inFlight: IN_FLIGHT }, body);
  const [before, appendsBefore] = [logBytes(folder), await appends(url)];
  const commands = await load(url, { count: COMMANDS, inFlight: IN_FLIGHT }, (i) => ({
    method: "POST",
    path: `/v1/portfolios/b-${i % PORTFOLIOS}/deposit-funds`,
    body: JSON.stringify({ asset: "USDT", amount: "1000.5", externalReference: `bench-${i}` }),
  }));
  const made = await appends(url);
  const meanBatch = (made.events - appendsBefore.events) / (made.count - appendsBefore.count);
  return [
    { name: "raw: forced commits of one row, one writer", value: commits, unit: "commits/s" },
    { name: "raw: bare HTTP server, 64 in flight", value: http.perSecond, unit: "requests/s" },
    {
      name: "commands acknowledged durably, 64 in flight",
      value: commands.perSecond,
      unit: "commands/s",
      against: { name: "bare HTTP server", ratio: commands.perSecond / http.perSecond },
    },
    { name: "  events in one append, mean", value: meanBatch, unit: "events" },
    { name: "  p99 of a command", value: commands.p99Milliseconds, unit: "ms" },
    { name: "  log bytes a command", value: (logBytes(folder) - before) / COMMANDS, unit: "bytes" },
  ];
}

async function tickFigures({ url, folder }: BenchPlatform): Promise<Figure[]> {
  await register(url, "BTCUSDT", "BTC");
  await register(url, "ETHUSDT", "ETH");
  const before = logBytes(folder);
  const body = Array.from({ length: TICKS }, (_, i) => JSON.stringify(tick(i))).join("\n");
  const started = performance.now();
  const answer = await send(url, {
    method: "POST",
    path: "/v1/market/ticks?source=backfill",
    body,
    headers: { "Content-Type": "application/x-ndjson" },
  });
  const perSecond = TICKS / ((performance.now() - started) / 1000);
  if (JSON.parse(answer).accepted !== TICKS) throw new Error(`not all were accepted: ${answer}`);
  return [
    { name: "ticks by HTTP (NDJSON, one stream)", value: perSecond, unit: "ticks/s" },
    { name: "  log bytes a tick", value: (logBytes(folder) - before) / TICKS, unit: "bytes" },
  ];
}

/** The whole process, from its start to its end. */
async function importFigures({ folder }: BenchPlatform): Promise<Figure[]> {
  const file = join(folder, "ticks.csv");
  const header = "exchange,symbol,price,volume,timestamp,trade_id,side,recv_ns\n";
  const rows = Array.from({ length: TICKS }, (_, i) => {
    const { exchange, symbol, price, volume, timestamp, tradeId, side } = tick(i + TICKS);
    return `${exchange},${symbol},${price},${volume},${timestamp},${tradeId},${side},\n`;
  });
  writeFileSync(file, header + rows.join(""));
  const started = performance.now();
  const child = spawn(process.execPath, [CLI, "import", "ticks", file], {
    env: { ...process.env, CH_DATA_FOLDER: folder },
    stdio: "ignore",
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`import ticks ended with ${code}`);
  const perSecond = TICKS / ((performance.now() - started) / 1000);
  return [{ name: "ticks by import ticks FILE, start to end", value: perSecond, unit: "ticks/s" }];
}

async function projectionFigures({ url }: BenchPlatform): Promise<Figure[]> {
  const rows = rawRowsPerSecond();
  const figures: Figure[] = [
    { name: "raw: rows into SQLite, 5,000 a transaction", value: rows, unit: "rows/s" },
  ];
  for (const name of ["portfolios", "ticks-and-candles"]) {
    const seconds = await rebuild(url, name);
    const events = await projected(url, name);
    const what = name === "portfolios" ? "events" : "records";
    figures.push({ name: `rebuild of ${name}`, value: events / seconds, unit: `${what}/s` });
    if (name === "portfolios") continue;
    const ticks = (2 * TICKS) / seconds;
    const against = { name: "raw rows", ratio: ticks / rows };
    figures.push({ name: "  ticks in it", value: ticks, unit: "ticks/s", against });
  }
  return figures;
}

async function rebuild(url: string, name: string): Promise<number> {
  const started = performance.now();
  const path = `/v1/projections/${name}/start-generation`;
  const body = JSON.stringify({ version: await versionOf(url, name), reason: "bench" });
  await send(url, { method: "POST", path, body });
  const wanted = (await generations(url, name)).length + 1;
  let builtAfterMs: number | null = null;
  while (performance.now() - started < PROJECTED_WITHIN_MILLISECONDS) {
    const newest = (await generations(url, name)).find(({ generation }) => {
      return generation >= wanted - 1 && generation > 1;
    });
    // What follows is the comparison with the live one, which is no part of the figure.
    if (newest && newest.phase !== "building") builtAfterMs ??= performance.now() - started;
    if (newest?.phase === "live" && builtAfterMs !== null) return builtAfterMs / 1000;
    await sleep(10);
  }
  throw new Error(`the rebuild of ${name} did not end in time`);
}

interface Generation {
  readonly generation: number;
  readonly version: number;
  readonly phase: string;
  readonly position: Readonly<Record<string, number>> | null;
}

async function generations(url: string, name: string): Promise<readonly Generation[]> {
  const text = await send(url, { method: "GET", path: `/v1/projections/${name}` });
  return JSON.parse(text).data.generations;
}

async function versionOf(url: string, name: string): Promise<number> {
  return (await generations(url, name)).at(-1)?.version ?? 1;
}

async function projected(url: string, name: string): Promise<number> {
  const live = (await generations(url, name)).find((one) => one.phase === "live");
  return Object.values(live?.position ?? {}).reduce((sum, position) => sum + position, 0);
}

async function queryFigures({ url }: BenchPlatform): Promise<Figure[]> {
  const paths = [
    "/v1/instruments/bench:BTC-USDT/candles?interval=1m&limit=100",
    "/v1/instruments/bench:BTC-USDT/last-price",
    "/v1/instruments/bench:ETH-USDT/ticks?limit=100",
    "/v1/portfolios/b-7/holdings",
    "/v1/portfolios/b-7/ledger?limit=100",
  ];
  const size = { count: QUERIES, inFlight: QUERIES_IN_FLIGHT };
  const result = await load(url, size, (i) => ({
    method: "GET",
    path: paths[i % paths.length] as string,
  }));
  return [
    { name: "queries, 8 in flight", value: result.perSecond, unit: "queries/s" },
    { name: "  p50", value: result.p50Milliseconds, unit: "ms" },
    { name: "  p99", value: result.p99Milliseconds, unit: "ms" },
  ];
}

async function register(url: string, symbol: string, base: string): Promise<void> {
  const body = JSON.stringify({
    exchange: "bench",
    symbol,
    base,
    quote: "USDT",
    priceStep: "0.01",
    quantityStep: "0.00001",
  });
  const path = `/v1/instruments/bench:${base}-USDT/register-instrument`;
  await send(url, { method: "POST", path, body });
}

/** Two instruments, ten trades a millisecond: a busy hour. */
function tick(index: number) {
  const isBitcoin = index % 2 === 0;
  return {
    exchange: "bench",
    symbol: isBitcoin ? "BTCUSDT" : "ETHUSDT",
    price: isBitcoin ? `${61_000 + (index % 977)}.37` : `${2_600 + (index % 89)}.41`,
    volume: `0.0${(index % 89) + 10}`,
    timestamp: 1_723_161_255_000 + Math.floor(index / 10),
    tradeId: String(3_735_683_259 + index),
    side: index % 3 === 0 ? "sell" : "buy",
  };
}

/** Bytes of records in the log, indexes and free pages left out. */
function logBytes(folder: string): number {
  const database = new DatabaseSync(join(folder, "log.db"), { readOnly: true });
  try {
    const sql =
      "SELECT coalesce(sum(length(key) + length(headers) + length(value)), 0) AS bytes FROM records";
    return Number(database.prepare(sql).get()?.["bytes"]);
  } finally {
    database.close();
  }
}
