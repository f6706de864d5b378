import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { askRoutes } from "./ask-routes.ts";
import { fill } from "./fill.ts";
import { acceptedOfLoad, type Metrics, metricsOf } from "./metrics.ts";
import { readRoutes } from "./read-routes.ts";
import { type Figure, type Row, type Section, tableOfRoutes } from "./report.ts";
import type { Bench } from "./sections.ts";
import type { WriteJob, Written } from "./write-worker.ts";

export interface LoadWish extends Omit<WriteJob, "url"> {
  readonly seconds: number;
  /** Of each route in each of its ways. */
  readonly readsPerSecond: number;
  /** Reads are asked of a process of their own. */
  readonly isApart: boolean;
}

/** The load goes in so long, and the reads are asked, before anything is measured. */
const WARM_UP_SECONDS = 20;
const TARGET_MILLISECONDS = 50;
const MICROSECONDS_PER_SECOND = 1_000_000;
const REACHED_SHARE = 0.99;

/** How long every read takes while commands and ticks go in at a fixed rate. */
export async function measureReads(bench: Bench, wish: LoadWish): Promise<Section> {
  const platform = await bench.start();
  const { url } = platform;
  tell("filling the platform");
  await fill(url);
  const readUrl = wish.isApart ? await bench.startQueries(platform) : url;
  const nothing = async () => undefined;
  const { figures, rows, remarks } = await readUnderLoad({ url, readUrl }, wish, nothing);
  return { name: "reads", figures, tables: [tableOfRoutes("route", rows)], remarks };
}

export interface ReadUnderLoad<T> {
  readonly figures: readonly Figure[];
  readonly rows: readonly Row[];
  readonly remarks: readonly string[];
  readonly meanwhile: T;
}

/** Where commands go, and where queries are answered. */
export interface Addresses {
  readonly url: string;
  readonly readUrl: string;
}

/** Of a platform that is filled; `measure` is done meanwhile, when it is warm. */
export async function readUnderLoad<T>(
  { url, readUrl }: Addresses,
  wish: Omit<LoadWish, "isApart">,
  measure: () => Promise<T>,
): Promise<ReadUnderLoad<T>> {
  const routes = readRoutes();
  const workerData: WriteJob = { url, ...wish };
  const file = new URL("./write-worker.ts", import.meta.url);
  const writer = new Worker(file, { workerData, name: "writing" });
  const written = once(writer, "message") as Promise<[Written]>;
  // Its failure is told at the end, when the platform can be stopped.
  written.catch(() => undefined);
  tell("warming up");
  const { readsPerSecond, seconds } = wish;
  const perRouteAndSecond = readsPerSecond;
  await askRoutes(readUrl, routes, { perRouteAndSecond, seconds: WARM_UP_SECONDS });
  tell(`${routes.length} reads, each ${readsPerSecond} times a second for ${seconds} s`);
  const before = await snapshot(url, readUrl);
  const reading = askRoutes(readUrl, routes, { perRouteAndSecond, seconds });
  const [{ rows, leftOut }, meanwhile] = await Promise.all([reading, measure()]);
  const after = await snapshot(url, readUrl);
  writer.postMessage("stop");
  const [seen] = await written;
  const figures = figuresOf([before, after], wish, seen);
  return { rows, figures, remarks: remarksOf(rows, leftOut, seen), meanwhile };
}

export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

interface Snapshot {
  /** `performance.now()`, and what this process, the load generator, has computed since it began. */
  readonly atMs: number;
  readonly loadCpuSeconds: number;
  readonly platform: Metrics;
  /** Of the process that answers the reads. */
  readonly readers: Metrics;
}

/** The figures of the event loop begin anew with each. */
async function snapshot(url: string, readUrl: string): Promise<Snapshot> {
  const platform = await metricsOf(url);
  const readers = readUrl === url ? platform : await metricsOf(readUrl);
  const { user, system } = process.cpuUsage();
  const loadCpuSeconds = (user + system) / MICROSECONDS_PER_SECOND;
  return { atMs: performance.now(), loadCpuSeconds, platform, readers };
}

/** Rates are the platform's own counters, over the time in which the reads were asked. */
function figuresOf(
  [before, after]: readonly [Snapshot, Snapshot],
  wish: Omit<WriteJob, "url">,
  seen: Written,
): Figure[] {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const rateOf = (name: string, labels: Readonly<Record<string, string>> = {}) => {
    return (after.platform.sumOf(name, labels) - before.platform.sumOf(name, labels)) / seconds;
  };
  const accepted = acceptedOfLoad(after.platform);
  const acceptedBefore = acceptedOfLoad(before.platform);
  const commands = (accepted.commands - acceptedBefore.commands) / seconds;
  const ticks = (accepted.ticks - acceptedBefore.ticks) / seconds;
  const cores = `of ${availableParallelism()} cores`;
  const milliseconds = (name: string) => after.readers.sumOf(name) * 1_000;
  return [
    reached("commands accepted, five contexts", commands, wish.commandsPerSecond),
    reached("ticks accepted", ticks, wish.ticksPerSecond),
    figure("  in RecordTicks", rateOf("commands_total", { type: "RecordTicks" }), "commands/s"),
    figure("risk assessments", rateOf("commands_total", { type: "AssessRisk" }), "commands/s"),
    figure(`p50 of ${wish.linesPerRequest} commands in a request`, seen.p50Milliseconds, "ms"),
    figure("  p99", seen.p99Milliseconds, "ms"),
    figure("the platform's process, all threads", rateOf("process_cpu_seconds_total"), cores),
    figure("the load generator", (after.loadCpuSeconds - before.loadCpuSeconds) / seconds, cores),
    figure(
      "lag of the event loop that answers, p99",
      milliseconds("nodejs_eventloop_lag_p99_seconds"),
      "ms",
    ),
    figure("  longest", milliseconds("nodejs_eventloop_lag_max_seconds"), "ms"),
  ];
}

function figure(name: string, value: number, unit: string): Figure {
  return { name, value, unit };
}

function reached(name: string, perSecond: number, target: number): Figure {
  const isReached = perSecond >= target * REACHED_SHARE;
  const what = `${target.toLocaleString("en")} a second${isReached ? "" : ": NOT REACHED"}`;
  const against = { name: what, ratio: perSecond / target };
  return { name, value: perSecond, unit: "a second", against };
}

function remarksOf(rows: readonly Row[], leftOut: number, { failures }: Written): string[] {
  const over = rows.filter(({ p99Milliseconds }) => p99Milliseconds > TARGET_MILLISECONDS);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  return [
    `${over.length} of ${rows.length} reads have a p99 over ${TARGET_MILLISECONDS} ms; ${failed} failed`,
    `${leftOut} reads were due and not asked: too many had no answer`,
    `commands not accepted, by code: ${JSON.stringify(failures)}`,
    "event streams (/v1/stream/…) do not end and are not among the reads",
  ];
}
