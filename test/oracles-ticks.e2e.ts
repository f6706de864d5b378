import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { projections, registeredProjection } from "../projections/registry.ts";
import { digestGeneration } from "../projections/runner/digest.ts";
import { generationFile } from "../projections/runner/generation-files.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import {
  answeredCandles,
  type CandleReference,
  EMBEDDED,
  instrumentOf,
  logEnds,
  REFERENCES,
  type Row,
  referenceCandles,
  tickFiles,
  untilProjected,
} from "./oracles/data.ts";
import { expectSame, TICKS_IN_ALL_FILES, toldByQueries } from "./oracles/ticks.ts";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { jsonLines, runCli, startCli } from "./run-cli.ts";
import { describeWithSampleData, sampleRows } from "./sample-data.ts";

const { projection } = registeredProjection("ticks-and-candles");
const LATENESS_MS = 2_000;
const SEED = Number(process.env["CH_TEST_SEED"] ?? Date.now() % 1_000_000);
const KILLS = Math.min(4, Number(process.env["KILLS"] ?? 4));
/** Of the events that an undisturbed import appends: a kill after the last one would hit nothing. */
const KILL_BETWEEN = [0.03, 0.85] as const;
const LOOK_EVERY_MILLISECONDS = 5;
const TICK_COLUMNS = "exchange,symbol,price,volume,timestamp,trade_id,side".split(",");

describeWithSampleData(`the sample ticks through the command line (seed ${SEED})`, (data) => {
  const root = mkdtempSync(join(tmpdir(), "cipherhorizon-oracles-"));
  const folder = join(root, "imported");
  const files = data === "" ? [] : tickFiles(data).map((file) => join(data, "ticks", file));
  const random = generatorOf(SEED);
  let imported: Record<string, unknown>;
  let platform: PlatformProcess;

  before(async function () {
    this.timeout(300_000);
    imported = await importTicks(folder, files);
    platform = await startPlatformProcess(folder);
    await untilProjected(platform.url);
  });

  after(async () => {
    await platform?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it("are all accounted for", () => {
    const { accepted, duplicates, rejected, quarantined, beyondHorizon } = imported;
    const counts = { accepted, duplicates, rejected, quarantined, beyondHorizon };
    const none = { duplicates: 0, rejected: 0, quarantined: 0, beyondHorizon: 0 };
    expect(files).to.have.length(9);
    expect(counts).to.deep.equal({ accepted: TICKS_IN_ALL_FILES, ...none });
  });

  toldByQueries(data, () => platform.url);

  it("change nothing when they are imported again", async () => {
    const [ends, rows] = [await logEnds(EMBEDDED.log(folder)), await digestOf(folder)];
    const again = await importTicks(folder, files);
    expect(again).to.include({ accepted: 0, duplicates: TICKS_IN_ALL_FILES, rejected: 0 });
    await untilProjected(platform.url);
    expect(await logEnds(EMBEDDED.log(folder))).to.deep.equal(ends);
    expect(await digestOf(folder)).to.deep.equal(rows);
  }).timeout(300_000);

  it(`are the same after ${KILLS} imports killed at random points`, async () => {
    const killed = join(root, "killed");
    const total = eventsIn(await logEnds(EMBEDDED.log(folder)));
    const [least, most] = KILL_BETWEEN;
    const points = Array.from({ length: KILLS }, () => least + (most - least) * random());
    for (const point of points.sort((a, b) => a - b))
      await killImport(killed, files, Math.ceil(total * point));
    const last = await importTicks(killed, files);
    const { accepted, duplicates } = last as Record<string, number>;
    expect(accepted, "left to the last import").to.be.above(0);
    expect(duplicates, "kept from the killed ones").to.be.above(0);
    expect((accepted ?? 0) + (duplicates ?? 0)).to.equal(TICKS_IN_ALL_FILES);
    const reader = await startPlatformProcess(killed);
    await untilProjected(reader.url);
    await reader.stop();
    expectSame(await figuresOf(killed), await figuresOf(folder));
  }).timeout(300_000);

  describe("shuffled within the lateness", () => {
    let shuffled: PlatformProcess;

    before(async function () {
      this.timeout(120_000);
      const names = [...new Set(REFERENCES.map(({ file }) => file))];
      mkdirSync(join(root, "files"));
      const paths = names.map((name) => {
        const path = join(root, "files", name.replace(/\.gz$/, ""));
        writeCsv(path, shuffledRows(sampleRows(data, `ticks/${name}`), random));
        return path;
      });
      await importTicks(join(root, "shuffled"), paths);
      shuffled = await startPlatformProcess(join(root, "shuffled"));
      await untilProjected(shuffled.url);
    });

    after(() => shuffled?.stop());

    for (const reference of REFERENCES) {
      const what = reference.hasIds ? "every figure" : "all but open and close";
      it(`make ${what} of the ${reference.interval} candles of ${reference.file}`, async () => {
        for (const [id, expected] of referenceCandles(data, reference)) {
          const candles = await answeredCandles(shuffled.url, id, { ...reference, expected });
          const compared = reference.hasIds ? (row: Row) => row : withoutEnds;
          expectSame(candles.map(compared), expected.map(compared));
          expectTradesOfTheEnds(candles, pricesAtEnds(data, id, reference));
        }
      });
    }
  });

  it("are taken by the demo together with the fills, as its last line tells", async () => {
    const fills = join(data, "fills/binance_btcusdt_fills_2019-10_2020-08.csv.gz");
    const words = ["demo", "--ticks", ...files, "--fills", fills, "--exit", "--json"];
    const run = await runCli([...words, "--data", join(root, "demo")]);
    expect(run.exitCode, run.stderr).to.equal(0);
    const summary = JSON.parse(run.stdout.trimEnd().split("\n").at(-1) ?? "") as DemoSummary;
    expect(summary).to.have.all.keys(
      "commands",
      "events",
      "ticks",
      "projections",
      "counts",
      "seconds",
    );
    const none = { duplicates: 0, rejected: 0, quarantined: 0 };
    expect(summary.ticks).to.deep.equal({ accepted: TICKS_IN_ALL_FILES, ...none });
    const names = projections.map(({ projection }) => projection.name);
    expect(summary.projections).to.have.all.keys(...names);
    expect(summary.commands).to.be.above(2 * FILLS);
    expect(summary.projections["ticks-and-candles"]?.rows).to.be.above(TICKS_IN_ALL_FILES);
    expect(summary.projections["portfolios"]?.rows).to.be.above(2 * FILLS);
    expect(eventsIn(await logEnds(EMBEDDED.log(join(root, "demo"))))).to.be.above(summary.events);
  }).timeout(300_000);
});

const FILLS = 3_432;

interface DemoSummary {
  readonly commands: number;
  readonly events: number;
  readonly ticks: Readonly<Record<string, number>>;
  readonly projections: Readonly<Record<string, { readonly rows: number }>>;
}

async function importTicks(
  folder: string,
  paths: readonly string[],
): Promise<Record<string, unknown>> {
  const run = await runCli(importWords(folder, paths));
  expect(run.exitCode, run.stderr).to.equal(0);
  return jsonLines(run.stdout).at(-1) ?? {};
}

function importWords(folder: string, paths: readonly string[]): readonly string[] {
  return ["import", "ticks", ...paths, "--register", "--json", "--data", folder];
}

/** SIGKILL to an import, platform and all, once the log holds so many records. */
async function killImport(
  folder: string,
  paths: readonly string[],
  records: number,
): Promise<void> {
  const running = startCli(importWords(folder, paths));
  const ended = running.ended();
  while (running.child.exitCode === null && (await eventsSoFar(folder)) < records) {
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
  running.child.kill("SIGKILL");
  const { exitCode, stderr } = await ended;
  expect(exitCode, `the import ended before it was killed:\n${stderr}`).to.equal(null);
}

/** 0 while the log is still being made. */
async function eventsSoFar(folder: string): Promise<number> {
  try {
    return eventsIn(await logEnds(EMBEDDED.log(folder)));
  } catch {
    return 0;
  }
}

function eventsIn(ends: Readonly<Record<string, number>>): number {
  return Object.values(ends).reduce((sum, end) => sum + end, 0);
}

async function digestOf(folder: string): Promise<unknown> {
  return withRows(folder, (store) => digestGeneration(store, projection.tables));
}

/** What the rows say of the market, without what tells how the ticks were cut into batches. */
async function figuresOf(folder: string): Promise<readonly string[]> {
  return withRows(folder, async (store) => {
    const lines: string[] = [];
    for await (const { row } of store.rows("ticks")) {
      const { ordinal: _ordinal, era: _era, ...tick } = row;
      lines.push(JSON.stringify(tick));
    }
    for await (const { row } of store.rows("minutes")) {
      const { revision: _revision, cause: _cause, ...candle } = row;
      lines.push(JSON.stringify(candle));
    }
    return lines;
  });
}

async function withRows<T>(folder: string, use: (store: SqliteReadStore) => Promise<T>) {
  const store = new SqliteReadStore({
    file: generationFile(folder, projection.name, 1),
    projection,
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Shows the first difference alone: a hundred thousand lines help nobody. */
/** Numbers from 0 to 1, the same for the same seed. */
function generatorOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffledRows(rows: readonly Row[], random: () => number): readonly Row[] {
  return rows
    .map((row) => ({ row, arrivalMs: Number(row["timestamp"]) + random() * LATENESS_MS }))
    .sort((a, b) => a.arrivalMs - b.arrivalMs)
    .map(({ row }) => row);
}

function writeCsv(path: string, rows: readonly Row[]): void {
  const lines = rows.map((row) => TICK_COLUMNS.map((name) => row[name] ?? "").join(","));
  writeFileSync(path, [TICK_COLUMNS.join(","), ...lines, ""].join("\n"));
}

function withoutEnds({ open: _open, close: _close, ...rest }: Row): Row {
  return rest;
}

interface Ends {
  firstMs: number;
  lastMs: number;
  readonly prices: Map<number, string[]>;
}

/** By bucket: its first and last time, and the prices at each time. */
function pricesAtEnds(
  data: string,
  id: string,
  { file, widthMs }: CandleReference,
): ReadonlyMap<number, Ends> {
  const buckets = new Map<number, Ends>();
  for (const row of sampleRows(data, `ticks/${file}`)) {
    if (instrumentOf(row) !== id) continue;
    const timeMs = Number(row["timestamp"]);
    const openTimeMs = timeMs - (timeMs % widthMs);
    const ends = buckets.get(openTimeMs) ?? { firstMs: timeMs, lastMs: timeMs, prices: new Map() };
    buckets.set(openTimeMs, ends);
    ends.firstMs = Math.min(ends.firstMs, timeMs);
    ends.lastMs = Math.max(ends.lastMs, timeMs);
    ends.prices.set(timeMs, [...(ends.prices.get(timeMs) ?? []), row["price"] ?? ""]);
  }
  return buckets;
}

/** Open and close are prices of trades at the first and the last time, whatever arrived first. */
function expectTradesOfTheEnds(candles: readonly Row[], buckets: ReadonlyMap<number, Ends>): void {
  for (const { timestamp, open, close } of candles) {
    const ends = buckets.get(Number(timestamp));
    const pricesAt = (timeMs: number) => ends?.prices.get(timeMs)?.map(Number) ?? [];
    expect(pricesAt(ends?.firstMs ?? 0), `open at ${timestamp}`).to.include(Number(open));
    expect(pricesAt(ends?.lastMs ?? 0), `close at ${timestamp}`).to.include(Number(close));
  }
}
