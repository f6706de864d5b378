import { inSpan } from "../platform/telemetry/tracing.ts";
import { Collector } from "../test/tracing/collector.ts";
import { load, send } from "./http-load.ts";
import { metricsOf } from "./metrics.ts";
import type { Figure, Section } from "./report.ts";
import type { Bench } from "./sections.ts";

const PORTFOLIOS = 16;
const WARMING = 3_000;
const COMMANDS = 10_000;
const IN_FLIGHT = 64;
const CALLS = 2_000_000;
const HOOK = { name: "hook", kind: "internal" } as const;

/** What tracing costs: a place in the code where nothing is traced, and a command where all is. */
export async function measureTracing({ start }: Bench): Promise<Section> {
  const collector = await Collector.start();
  const on = { CH_OTLP_URL: collector.url };
  const settings = [
    { name: "off", environment: {} },
    { name: "1 % of the traces", environment: { ...on, CH_TRACE_RATIO: "0.01" } },
    { name: "every trace", environment: { ...on, CH_TRACE_RATIO: "1" } },
  ];
  const figures = [await hookFigure()];
  for (const { name, environment } of settings) {
    const { url } = await start(environment);
    figures.push(...(await commandFigures(url, name)));
  }
  await collector.stop();
  return {
    name: "tracing",
    figures,
    remarks: ["Computing time is the whole process's: commands, projections, what follows, spans."],
  };
}

/** Beside the same await without it. */
async function hookFigure(): Promise<Figure> {
  const work = async () => null;
  const timed = async (call: () => Promise<unknown>) => {
    const startedMs = performance.now();
    for (let i = 0; i < CALLS; i += 1) await call();
    return ((performance.now() - startedMs) * 1e6) / CALLS;
  };
  const rounds: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const bare = await timed(work);
    rounds.push((await timed(() => inSpan(HOOK, work))) - bare);
  }
  const [least = 0] = rounds.toSorted((one, two) => one - two);
  return { name: "a place that could be traced, tracing off", value: least, unit: "ns" };
}

async function commandFigures(url: string, name: string): Promise<Figure[]> {
  for (let i = 0; i < PORTFOLIOS; i += 1) {
    const path = `/v1/portfolios/t-${i}/open-portfolio`;
    await send(url, { method: "POST", path, body: JSON.stringify({ name: `Traced ${i}` }) });
  }
  await deposit(url, 0, WARMING);
  const before = await metricsOf(url);
  const { perSecond } = await deposit(url, WARMING, COMMANDS);
  const after = await metricsOf(url);
  const more = (metric: string, labels = {}) => {
    return after.sumOf(metric, labels) - before.sumOf(metric, labels);
  };
  const cpuMs = (more("process_cpu_seconds_total") * 1_000) / COMMANDS;
  return [
    { name: `computing per command, ${name}`, value: cpuMs, unit: "ms" },
    { name: "  commands acknowledged durably, 64 in flight", value: perSecond, unit: "commands/s" },
    { name: "  spans exported", value: more("trace_spans_total", EXPORTED), unit: "spans" },
    { name: "  spans dropped", value: more("trace_spans_total", DROPPED), unit: "spans" },
  ];
}

const EXPORTED = { outcome: "exported" };
const DROPPED = { outcome: "dropped" };

function deposit(url: string, from: number, count: number) {
  return load(url, { count, inFlight: IN_FLIGHT }, (i) => ({
    method: "POST",
    path: `/v1/portfolios/t-${i % PORTFOLIOS}/deposit-funds`,
    body: JSON.stringify({ asset: "USDT", amount: "1", externalReference: `t-${from + i}` }),
  }));
}
