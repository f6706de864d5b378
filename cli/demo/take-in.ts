import { type CommandLine, commandTexts } from "../command-line.ts";
import { interrupted as interruptedFailure } from "../failure.ts";
import { importFills } from "../import/import-fills.ts";
import { importTicks } from "../import/import-ticks.ts";
import type { Output } from "../output.ts";
import { problemFailure } from "../problem-failure.ts";
import { startProgress } from "../progress.ts";
import type { Session, TickCounts } from "../session.ts";
import { demoActivation, demoCompany } from "./company.ts";
import { DEMO_INSTRUMENTS } from "./instruments.ts";
import { type DemoSecond, demoMarket } from "./market.ts";
import { createDemoTraders, type DemoTraders, registerDemoInstruments } from "./traders.ts";

export interface DemoParts {
  readonly session: Session;
  readonly output: Output;
  readonly interrupted: AbortSignal;
}

/** What went in, and what is needed to go on. */
export interface TakenIn {
  readonly commands: number;
  readonly ticks: TickCounts;
  /** The market as it goes on, second by second; `null` where files were taken. */
  readonly market: LiveMarket | null;
}

export interface LiveMarket {
  readonly seconds: Iterator<DemoSecond>;
  readonly traders: DemoTraders;
}

const MINUTE_MS = 60_000;
const SECONDS_PER_MINUTE = 60;

/** The last minutes of a seeded market up to now, and the trades of its portfolios. */
export async function takeSeededMarket(
  { seed, minutes }: { readonly seed: number; readonly minutes: number },
  parts: DemoParts,
): Promise<TakenIn> {
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  const startMs = nowMs - minutes * MINUTE_MS;
  const market = {
    seconds: demoMarket({ seed, startMs }),
    traders: createDemoTraders(seed),
  };
  const opening = [...registerDemoInstruments(), ...market.traders.open(startMs)];
  const opened = await submitAll(opening, parts);
  const trades: CommandLine[] = [];
  const history = { market, seconds: minutes * SECONDS_PER_MINUTE, trades };
  const feed = { source: "backfill" } as const;
  const { counts: ticks } = await parts.session.sendTicks(historyTexts(history, parts), feed);
  const sent = await submitAll([...trades, ...closeCandles(nowMs), ...demoCompany()], parts);
  const activated = await submitAll(demoActivation(), parts);
  return { commands: opened + sent + activated, ticks, market };
}

interface History {
  readonly market: LiveMarket;
  readonly seconds: number;
  /** Filled with what the portfolios trade on the way. */
  readonly trades: CommandLine[];
}

async function* historyTexts(
  { market, seconds, trades }: History,
  { output, interrupted }: DemoParts,
): AsyncGenerator<string> {
  const progress = startProgress(output, { label: "trading", total: seconds, unit: "ticks" });
  let ticks = 0;
  try {
    for (let done = 0; done < seconds; done += 1) {
      if (interrupted.aborted) throw stopped();
      const second: DemoSecond = market.seconds.next().value;
      trades.push(...market.traders.trade(second));
      ticks += second.ticks.length;
      for (const tick of second.ticks) yield JSON.stringify(tick);
      progress.update(done + 1, ticks);
    }
  } finally {
    progress.stop();
  }
}

/** The minutes that are over; the running one belongs to the live ticks. */
function closeCandles(nowMs: number): CommandLine[] {
  const upTo = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  return DEMO_INSTRUMENTS.map(({ id }) => {
    return { aggregate: "instrument", id, type: "CloseCandles", data: { upTo } };
  });
}

/** What a demo before has made in the same folder. */
const DONE_BEFORE = ["PORTFOLIO_ALREADY_OPEN", "STRATEGY_EXISTS"];

/** Sends commands that must be accepted; what a demo before has opened in this folder is open. */
export async function submitAll(
  commands: readonly CommandLine[],
  { session }: Pick<DemoParts, "session">,
): Promise<number> {
  let index = 0;
  for await (const result of session.submit(commandTexts(commands))) {
    const command = commands[index];
    index += 1;
    if (result.accepted || DONE_BEFORE.includes(result.code ?? "")) continue;
    throw problemFailure(result, `${command?.type} of ${command?.id}`);
  }
  return index;
}

/** Files instead of the seeded market; the fills once per cost method, for comparison. */
export async function takeFiles(
  files: { readonly ticks: readonly string[]; readonly fills?: string | undefined },
  parts: DemoParts,
): Promise<TakenIn> {
  const ticks = await importTicks(files.ticks, { ...parts, register: true });
  let { commands } = ticks;
  for (const costMethod of files.fills === undefined ? [] : (["average", "fifo"] as const)) {
    const imported = await importFills(files.fills ?? "", {
      ...parts,
      portfolioId: `fills-${costMethod}`,
      assumeMissing: true,
      open: { name: `Fills, ${costMethod}`, baseCurrency: "USDT", costMethod },
      deposits: [],
    });
    commands += imported.commands;
  }
  return { commands, ticks, market: null };
}

export function stopped() {
  return interruptedFailure("the demo was not finished", "run it again");
}
