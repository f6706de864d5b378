/**
 * Figures of the platform, each beside what it is measured against in the same run. `npm run bench`
 * measures all of the embedded one, `npm run bench -- reads` one section; what needs real servers,
 * or takes long, is named one by one. With `--json` one JSON object.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPlatformProcess } from "../test/platform-process.ts";
import { measureAssessment } from "./assessment.ts";
import { measureCache } from "./cache.ts";
import { measureDistributed } from "./distributed.ts";
import { measureFailOver } from "./fail-over.ts";
import { startQueryProcess } from "./query-process.ts";
import { measureReads } from "./reads.ts";
import { measureRebuild, measureRebuildOnServers } from "./rebuild.ts";
import { measureRebuildOfAll, measureRebuildOfAllOnServers } from "./rebuild-of-all.ts";
import { printSections, type Section } from "./report.ts";
import { measureRestart } from "./restart.ts";
import type { Bench } from "./sections.ts";
import { measureStores } from "./stores.ts";
import { measureThroughput } from "./throughput.ts";
import { measureTracing } from "./tracing.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    /** How long what has no end of its own is measured. */
    seconds: { type: "string", default: "60" },
    /** Of the sections that read under load: what goes in a second, and in which requests. */
    commands: { type: "string" },
    ticks: { type: "string" },
    lines: { type: "string", default: "20" },
    /** How often a second each read is asked. */
    reads: { type: "string", default: "1" },
    /** Of the sections `restart`, `fail-over` and `rebuild-of-all`: how many records the log has. */
    history: { type: "string" },
    /** The reads are asked of a query API in a process of its own. */
    apart: { type: "boolean", default: false },
    /** The sections `rebuild` and `rebuild-of-all` start real servers, and a process of each part. */
    servers: { type: "boolean", default: false },
  },
});

/** What goes in a second while every read is asked, where nothing else is wished. */
const EMBEDDED_LOAD = { commands: 2_000, ticks: 20_000 };
/** The same beside rebuilds; what a machine sustains of it, the figures tell. */
const LOAD_BESIDE_REBUILDS = { commands: 500, ticks: 5_000 };
/** Servers, parts and load generator share the machine. */
const DISTRIBUTED_LOAD = { commands: 200, ticks: 2_000 };

/** Of what a platform has told, when a section fails. */
const MESSAGES_SHOWN = 4_000;

type Measures = Readonly<Record<string, (bench: Bench) => Promise<Section>>>;

const embedded: Measures = {
  throughput: measureThroughput,
  reads: (bench) => measureReads(bench, loadWish(EMBEDDED_LOAD)),
  assessment: measureAssessment,
  rebuild: (bench) => {
    const wish = loadWish(LOAD_BESIDE_REBUILDS);
    return values.servers ? measureRebuildOnServers(wish) : measureRebuild(bench, wish);
  },
  restart: () => measureRestart(Number(values.history ?? 1_000_000)),
  tracing: measureTracing,
};

/** They start real servers, whose programs must be there. */
const onServers: Measures = {
  distributed: () => measureDistributed(loadWish(DISTRIBUTED_LOAD)),
  "fail-over": () => measureFailOver(Number(values.history ?? 1_000_000)),
  cache: () => measureCache(loadWish(DISTRIBUTED_LOAD)),
  stores: () => measureStores(Number(values.seconds)),
};

/** What takes long, and is asked for by its name. */
const long: Measures = {
  "rebuild-of-all": (bench) => {
    const wish = longLogWish(LOAD_BESIDE_REBUILDS);
    return values.servers ? measureRebuildOfAllOnServers(wish) : measureRebuildOfAll(bench, wish);
  },
};

const measures = { ...embedded, ...onServers, ...long };
const asked = positionals.length === 0 ? Object.keys(embedded) : positionals;
const sections: Section[] = [];
for (const name of asked) {
  const measure = measures[name];
  if (measure === undefined) {
    throw new Error(`${name} is no section; there are ${Object.keys(measures).join(", ")}`);
  }
  sections.push(await onItsOwn(measure));
}
printSections(sections, values.json);

/** Each section has its own folder, and ends the platforms that it has started. */
async function onItsOwn(measure: (bench: Bench) => Promise<Section>): Promise<Section> {
  const folders: string[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  const messages: (() => string)[] = [];
  try {
    return await measure({
      start: async (environment = {}, prepare = async () => undefined) => {
        const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-bench-"));
        folders.push(folder);
        await prepare(folder);
        const platform = await startPlatformProcess(folder, {
          CH_LOG_LEVEL: "error",
          ...environment,
        });
        stops.push(platform.stop);
        messages.push(platform.messages);
        return { folder, url: platform.url };
      },
      startQueries: async ({ folder }) => {
        const { url, stop } = await startQueryProcess(folder);
        stops.unshift(stop);
        return url;
      },
    });
  } catch (error) {
    for (const told of messages) process.stderr.write(told().slice(-MESSAGES_SHOWN));
    throw error;
  } finally {
    for (const stop of stops) await stop();
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}

function longLogWish(usual: typeof LOAD_BESIDE_REBUILDS) {
  return { ...loadWish(usual), records: Number(values.history ?? 2_000_000) };
}

function loadWish(usual: { readonly commands: number; readonly ticks: number }) {
  return {
    seconds: Number(values.seconds),
    commandsPerSecond: Number(values.commands ?? usual.commands),
    ticksPerSecond: Number(values.ticks ?? usual.ticks),
    linesPerRequest: Number(values.lines),
    readsPerSecond: Number(values.reads),
    isApart: values.apart,
  };
}
