import { processManagers } from "../command-side/process-managers/registry.ts";
import { untilManaged } from "./fill.ts";
import { type LoadResult, load, send } from "./http-load.ts";
import { metricsOf } from "./metrics.ts";
import type { Section } from "./report.ts";
import type { Bench } from "./sections.ts";

const ASSESSING = "risk-assessment";
const PORTFOLIOS = 64;
const COMMANDS = 10_000;
const IN_FLIGHT = 64;
/** Each kind first and last once, so that a machine that gets slower harms both alike. */
const ORDER = ["without", "with", "with", "without"] as const;

interface Run extends LoadResult {
  /** From the first deposit until the newest of every portfolio was assessed. */
  readonly assessedAfterSeconds: number;
  readonly assessments: number;
}

/** Deposits with the automatic assessment of risk and without it, in turns on the same machine. */
export async function measureAssessment({ start }: Bench): Promise<Section> {
  const others = processManagers.map(({ projection }) => projection.name);
  const without = others.filter((name) => name !== ASSESSING).join(",");
  const urls = {
    with: (await start()).url,
    without: (await start({ CH_PROCESS_MANAGERS: without })).url,
  };
  await openPortfolios(urls.with);
  await openPortfolios(urls.without);
  const runs: Record<(typeof ORDER)[number], Run[]> = { with: [], without: [] };
  for (const [round, kind] of ORDER.entries()) runs[kind].push(await deposit(urls[kind], round));
  const [assessed, plain] = [rateOf(runs.with), rateOf(runs.without)];
  const against = { name: "deposits without", ratio: assessed / plain };
  const seconds = sum(runs.with, (run) => run.assessedAfterSeconds);
  const shared = (COMMANDS * runs.with.length) / sum(runs.with, (run) => run.assessments);
  const all = (COMMANDS * runs.with.length) / seconds;
  return {
    name: "assessment",
    figures: [
      { name: "deposits without risk-assessment", value: plain, unit: "commands/s" },
      { name: "deposits with it, acknowledged", value: assessed, unit: "commands/s", against },
      {
        name: "  until the last is assessed too",
        value: all,
        unit: "commands/s",
        against: { name: "deposits without", ratio: all / plain },
      },
      { name: "  deposits that share one assessment, mean", value: shared, unit: "commands" },
    ],
  };
}

async function openPortfolios(url: string): Promise<void> {
  const body = JSON.stringify({ name: "Bench" });
  for (let i = 0; i < PORTFOLIOS; i += 1) {
    await send(url, { method: "POST", path: `/v1/portfolios/b-${i}/open-portfolio`, body });
  }
  await untilManaged(url);
}

async function deposit(url: string, round: number): Promise<Run> {
  const before = await assessmentsOf(url);
  const startedMs = performance.now();
  const result = await load(url, { count: COMMANDS, inFlight: IN_FLIGHT }, (i) => ({
    method: "POST",
    path: `/v1/portfolios/b-${i % PORTFOLIOS}/deposit-funds`,
    body: JSON.stringify({ asset: "USDT", amount: "1.5", externalReference: `${round}-${i}` }),
  }));
  const idleSinceMs = await untilManaged(url);
  return {
    ...result,
    assessedAfterSeconds: (idleSinceMs - startedMs) / 1_000,
    assessments: (await assessmentsOf(url)) - before,
  };
}

async function assessmentsOf(url: string): Promise<number> {
  const { sumOf } = await metricsOf(url);
  return sumOf("commands_total", { type: "AssessRisk", outcome: "accepted" });
}

/** Of all runs together. */
function rateOf(runs: readonly Run[]): number {
  return sum(runs, ({ requests }) => requests) / sum(runs, ({ seconds }) => seconds);
}

function sum(runs: readonly Run[], of: (run: Run) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}
