import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { askRoutes } from "./ask-routes.ts";
import { fill } from "./fill.ts";
import { type Metrics, metricsOf } from "./metrics.ts";
import { readRoutes } from "./read-routes.ts";
import type { Figure, Row, Section } from "./report.ts";
import type { Bench } from "./sections.ts";
import type { WriteJob, Written } from "./write-worker.ts";

export interface LoadWish extends Omit<WriteJob, "url"> {
  readonly seconds: number;
}

/** Of each route in each of its ways. */
const READS_A_SECOND = 2;
/** The load goes in so long, and each read is asked once a second, before anything is measured. */
const WARM_UP_SECONDS = 10;
const TARGET_MILLISECONDS = 50;
const REACHED_SHARE = 0.99;
/** What process managers and the clock send; the rest comes from the load. */
const OWN_COMMANDS = ["RecordTicks", "AssessRisk", "CloseCandles", "ReviseCandle"];

/** How long every read takes while commands and ticks go in at a fixed rate. */
export async function measureReads({ start }: Bench, wish: LoadWish): Promise<Section> {
  const { url } = await start();
  tell("filling the platform");
  await fill(url);
  const routes = readRoutes();
  const workerData: WriteJob = { url, ...wish };
  const writer = new Worker(new URL("./write-worker.ts", import.meta.url), { workerData });
  const written = once(writer, "message") as Promise<[Written]>;
  tell("warming up");
  await askRoutes(url, routes, { perRouteAndSecond: 1, seconds: WARM_UP_SECONDS });
  tell(`${routes.length} reads, each ${READS_A_SECOND} times a second for ${wish.seconds} s`);
  const before = await metricsOf(url);
  const startedMs = performance.now();
  const asked = { perRouteAndSecond: READS_A_SECOND, seconds: wish.seconds };
  const rows = await askRoutes(url, routes, asked);
  const seconds = (performance.now() - startedMs) / 1_000;
  const after = await metricsOf(url);
  writer.postMessage("stop");
  const [seen] = await written;
  const figures = figuresOf({ before, after, seconds }, wish, seen);
  return { name: "reads", figures, rows, remarks: remarksOf(rows, seen) };
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

interface Taken {
  readonly before: Metrics;
  readonly after: Metrics;
  readonly seconds: number;
}

/** Rates are the platform's own counters, over the time in which the reads were asked. */
function figuresOf({ before, after, seconds }: Taken, wish: LoadWish, seen: Written): Figure[] {
  const rateOf = (name: string, labels: Readonly<Record<string, string>> = {}) => {
    return (after.sumOf(name, labels) - before.sumOf(name, labels)) / seconds;
  };
  const accepted = { outcome: "accepted" };
  const own = OWN_COMMANDS.reduce((sum, type) => {
    return sum + rateOf("commands_total", { ...accepted, type });
  }, 0);
  const commands = rateOf("commands_total", accepted) - own;
  const milliseconds = (name: string) => after.sumOf(name) * 1_000;
  return [
    reached("commands accepted, five contexts", commands, wish.commandsPerSecond),
    reached("ticks accepted", rateOf("ticks_total", accepted), wish.ticksPerSecond),
    figure("  in RecordTicks", rateOf("commands_total", { type: "RecordTicks" }), "commands/s"),
    figure("risk assessments", rateOf("commands_total", { type: "AssessRisk" }), "commands/s"),
    figure(`p50 of ${wish.linesPerRequest} commands in a request`, seen.p50Milliseconds, "ms"),
    figure("  p99", seen.p99Milliseconds, "ms"),
    figure("the platform's process, all threads", rateOf("process_cpu_seconds_total"), "cores"),
    figure(
      "its main thread's event loop, p99",
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

function remarksOf(rows: readonly Row[], { failures }: Written): string[] {
  const over = rows.filter(({ p99Milliseconds }) => p99Milliseconds > TARGET_MILLISECONDS);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  return [
    `${over.length} of ${rows.length} reads have a p99 over ${TARGET_MILLISECONDS} ms; ${failed} failed`,
    `commands not accepted, by code: ${JSON.stringify(failures)}`,
    "event streams (/v1/stream/…) do not end and are not among the reads",
  ];
}
