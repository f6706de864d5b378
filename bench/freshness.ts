import { Agent } from "node:http";
import type { CommandLine } from "../cli/command-line.ts";
import { quantile, send } from "./http-load.ts";
import { atFixedRate } from "./open-loop.ts";
import { copyCommand, ids, limitCommand, POPULATION, strategyCommand } from "./population.ts";
import type { Row } from "./report.ts";

const NDJSON = { "Content-Type": "application/x-ndjson" };
const SOCKETS = 64;

/** A command, and a query that shows it once the read model has it. */
interface Probe {
  /** The read model. */
  readonly name: string;
  readonly command: (number: number) => CommandLine;
  readonly pathOf: (number: number) => string;
}

const portfolio = (number: number) => number % POPULATION.portfolios;
const copier = (number: number) => number % POPULATION.copies;

const probes: readonly Probe[] = [
  {
    name: "ticks-and-candles",
    command: (number) => {
      const ticks = [{ timeMs: Date.now(), price: "101.25", volume: "0.5" }];
      const id = ids.instrument(number % POPULATION.instruments);
      return { aggregate: "instrument", id, type: "RecordTicks", data: { source: "live", ticks } };
    },
    pathOf: (number) => {
      return `/v1/instruments/${ids.instrument(number % POPULATION.instruments)}/last-price`;
    },
  },
  {
    name: "portfolios",
    command: (number) => {
      const data = { asset: "USDT", amount: "1.5", externalReference: `fresh-${number}` };
      const id = ids.portfolio(portfolio(number));
      return { aggregate: "portfolio", id, type: "DepositFunds", data };
    },
    pathOf: (number) => `/v1/portfolios/${ids.portfolio(portfolio(number))}/holdings`,
  },
  {
    name: "risk",
    command: (number) => limitCommand(portfolio(number), "drawdown", `0.${100 + (number % 800)}`),
    pathOf: (number) => `/v1/portfolios/${ids.portfolio(portfolio(number))}/risk/limits`,
  },
  {
    name: "equity-curve",
    command: (number) => limitCommand(portfolio(number), "drawdown", `0.${101 + (number % 800)}`),
    pathOf: (number) => `/v1/portfolios/${ids.portfolio(portfolio(number))}/equity-curve`,
  },
  {
    name: "strategies",
    command: (number) => {
      return strategyCommand(number % POPULATION.strategies, "ReviseStrategy", 50 + (number % 45));
    },
    pathOf: (number) => `/v1/strategies/${ids.strategy(number % POPULATION.strategies)}`,
  },
  {
    name: "social",
    command: (number) => copyCommand(copier(number), "AdjustCopy", `${1_000 + number}.5`),
    pathOf: (number) => `/v1/traders/${ids.trader(copier(number))}/copying`,
  },
];

/**
 * From the answer that accepts a command to the answer of a query that waits for it, once a second
 * for each read model: journey and query are counted in.
 */
export async function probeFreshness(
  { url, readUrl }: { readonly url: string; readonly readUrl: string },
  seconds: number,
): Promise<readonly Row[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const seen = probes.map(() => ({ milliseconds: [] as number[], failed: 0 }));
  const pace = { perSecond: probes.length, count: probes.length * seconds };
  await atFixedRate(pace, async (index) => {
    const which = index % probes.length;
    const [probe, into] = [probes[which] as Probe, seen[which] as (typeof seen)[number]];
    try {
      into.milliseconds.push(await probed({ url, readUrl, agent }, probe, index));
    } catch (error) {
      if (into.failed === 0) process.stderr.write(`${probe.name}: ${(error as Error).message}\n`);
      into.failed += 1;
    }
  });
  agent.destroy();
  return probes.map(({ name }, which) => rowOf(name, seen[which] as (typeof seen)[number]));
}

async function probed(
  { url, readUrl, agent }: { url: string; readUrl: string; agent: Agent },
  { command, pathOf }: Probe,
  number: number,
): Promise<number> {
  const body = `${JSON.stringify(command(number))}\n`;
  const post = { method: "POST", path: "/v1/commands", body, headers: NDJSON } as const;
  const accepted = JSON.parse(await send(url, post, agent));
  if (accepted.outcome !== "accepted") throw new Error(JSON.stringify(accepted));
  const acceptedMs = performance.now();
  const headers = { "Consistency-Token": accepted.consistencyToken, Prefer: "wait=30" };
  await send(readUrl, { method: "GET", path: pathOf(number), headers }, agent);
  return performance.now() - acceptedMs;
}

function rowOf(
  name: string,
  { milliseconds, failed }: { readonly milliseconds: readonly number[]; readonly failed: number },
): Row {
  const sorted = milliseconds.toSorted((one, two) => one - two);
  return {
    name,
    requests: sorted.length + failed,
    failed,
    p50Milliseconds: quantile(sorted, 0.5),
    p99Milliseconds: quantile(sorted, 0.99),
    longestMilliseconds: sorted.at(-1) ?? Number.NaN,
    worstLagSeconds: null,
    worstGapEvents: null,
  };
}
