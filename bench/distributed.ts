import { availableParallelism } from "node:os";
import { type Computed, computedBy, secondsBetween } from "./computing.ts";
import { DistributedPlatform } from "./distributed-platform.ts";
import { fill } from "./fill.ts";
import { probeFreshness } from "./freshness.ts";
import { type LoadResult, load, send } from "./http-load.ts";
import { appends } from "./metrics.ts";
import { type LoadWish, readUnderLoad, tell } from "./reads.ts";
import { type Section, type Table, tableOfRoutes } from "./report.ts";
import { ALL_SERVERS, BenchServers } from "./servers.ts";

const PORTFOLIOS = 64;
const COMMANDS_IN_FLIGHT = 256;
/** Of one request: 16 requests are under way, or as many as there are commands in flight. */
const LINES = [16, 1];
/** Of the time that is wished, each row of commands takes this part. */
const COMMANDS_SHARE = 1 / 4;
const WARM_UP_SECONDS = 3;
const NDJSON = { "Content-Type": "application/x-ndjson" };
/** What takes less of a core in every phase is left out. */
const SHOWN_CORES = 0.02;
const MICROSECONDS_PER_SECOND = 1_000_000;

type Wish = Omit<LoadWish, "isApart">;

/**
 * The platform as processes of one part each, on real servers: commands while nobody follows them
 * and while everything does, then every read and the way from acceptance to readability under load.
 */
export async function measureDistributed(wish: Wish): Promise<Section> {
  tell(`starting ${ALL_SERVERS.join(", ")}`);
  const servers = await BenchServers.start(ALL_SERVERS);
  const platform = new DistributedPlatform(servers);
  try {
    return await measure(platform, wish);
  } finally {
    await platform.end();
    await servers.remove();
  }
}

async function measure(platform: DistributedPlatform, wish: Wish): Promise<Section> {
  await platform.serve("command-side");
  const url = platform.urlOf("command-side");
  await openPortfolios(url);
  await sendDeposits(url, { lines: 16, seconds: WARM_UP_SECONDS });
  const phases = await commandPhases(platform, { wish, who: "command side and Kafka" });
  await platform.serve("projections");
  await platform.serve("query-api");
  await platform.settle();
  phases.push(...(await commandPhases(platform, { wish, who: "all parts, all stores" })));
  tell("filling the platform");
  const readUrl = platform.urlOf("query-api");
  await fill(url, readUrl);
  const read = await readUnderLoad({ url, readUrl }, wish, async () => {
    const before = await look(platform);
    const fresh = await probeFreshness({ url, readUrl }, wish.seconds);
    return { fresh, phase: await phaseSince(before, platform, "reads under load") };
  });
  const { fresh, phase } = read.meanwhile;
  phases.push(phase);
  return {
    name: "distributed",
    figures: read.figures,
    tables: [
      tableOfCommands(phases),
      tableOfRoutes("read under load", read.rows),
      tableOfRoutes("accepted → readable", fresh),
      tableOfCores(phases),
    ],
    remarks: [...read.remarks, ...phases.map(({ name }, index) => `phase ${index + 1}: ${name}`)],
  };
}

async function openPortfolios(url: string): Promise<void> {
  const body = JSON.stringify({ name: "Bench", baseCurrency: "USDT", costMethod: "average" });
  for (let i = 0; i < PORTFOLIOS; i += 1) {
    await send(url, { method: "POST", path: `/v1/portfolios/b-${i}/open-portfolio`, body });
  }
}

/** What was measured between two looks. */
interface Phase {
  readonly name: string;
  readonly seconds: number;
  readonly before: Computed;
  readonly after: Computed;
  readonly watched: readonly string[];
  /** Null: other things than deposits were measured. */
  readonly deposits: (LoadResult & Deposits) | null;
}

interface Deposits {
  readonly commandsPerSecond: number;
  /** Of one append, mean. */
  readonly events: number;
  /** What the projections lacked at the end; null: there are none. */
  readonly gapEvents: number | null;
}

interface Look {
  readonly atMs: number;
  readonly computed: Computed;
}

async function commandPhases(
  platform: DistributedPlatform,
  { wish, who }: { readonly wish: Wish; readonly who: string },
): Promise<Phase[]> {
  const phases: Phase[] = [];
  const seconds = wish.seconds * COMMANDS_SHARE;
  const url = platform.urlOf("command-side");
  for (const lines of LINES) {
    const name = `${who}, ${lines === 1 ? "1 command" : `${lines} commands`} a request`;
    tell(name);
    const before = await look(platform);
    const made = await appends(url);
    const result = await sendDeposits(url, { lines, seconds });
    const phase = await phaseSince(before, platform, name);
    const now = await appends(url);
    const commandsPerSecond = result.perSecond * lines;
    const events = (now.events - made.events) / (now.count - made.count);
    const gapEvents = who.startsWith("all") ? await platform.gapEvents() : null;
    phases.push({ ...phase, deposits: { ...result, commandsPerSecond, events, gapEvents } });
    await platform.settle();
  }
  return phases;
}

let references = 0;

function sendDeposits(
  url: string,
  { lines, seconds }: { readonly lines: number; readonly seconds: number },
): Promise<LoadResult> {
  const size = { inFlight: COMMANDS_IN_FLIGHT / lines, count: Number.POSITIVE_INFINITY, seconds };
  const call = () => {
    const body = Array.from({ length: lines }, deposit).join("");
    return { method: "POST", path: "/v1/commands", body, headers: NDJSON } as const;
  };
  return load(url, size, call, requireAccepted);
}

function deposit(): string {
  references += 1;
  const data = { asset: "USDT", amount: "1000.5", externalReference: `bench-${references}` };
  const id = `b-${references % PORTFOLIOS}`;
  return `${JSON.stringify({ aggregate: "portfolio", id, type: "DepositFunds", data })}\n`;
}

function requireAccepted(answer: string): void {
  for (const line of answer.split("\n")) {
    if (line !== "" && !line.startsWith('{"outcome":"accepted"')) throw new Error(line);
  }
}

async function look(platform: DistributedPlatform): Promise<Look> {
  return { atMs: performance.now(), computed: computedBy(platform.watched()) };
}

async function phaseSince(
  { atMs, computed: before }: Look,
  platform: DistributedPlatform,
  name: string,
): Promise<Phase> {
  const seconds = (performance.now() - atMs) / 1_000;
  const watched = platform.watched();
  const names = watched.map((one) => one.name);
  return { name, seconds, before, after: computedBy(watched), watched: names, deposits: null };
}

function tableOfCommands(phases: readonly Phase[]): Table {
  return {
    columns: [
      `deposits, ${COMMANDS_IN_FLIGHT} in flight`,
      ...["commands/s", "p50 ms", "p99 ms", "events/append", "µs/command", "events behind"],
    ],
    rows: phases.flatMap((phase, index) => {
      const { deposits } = phase;
      const name = `${index + 1}: ${phase.name}`;
      if (deposits === null) return [];
      const { commandsPerSecond, p50Milliseconds, p99Milliseconds, events, gapEvents } = deposits;
      const computed = phase.watched.reduce((sum, one) => sum + coresOf(phase, one), 0);
      const micros = (computed * MICROSECONDS_PER_SECOND) / commandsPerSecond;
      const rest = [p50Milliseconds, p99Milliseconds, events, micros, gapEvents];
      return [[name, commandsPerSecond, ...rest] as const];
    }),
  };
}

/** Each process, and below it those of its threads that do something. */
function tableOfCores(phases: readonly Phase[]): Table {
  const last = phases.at(-1);
  const names = (last?.watched ?? []).flatMap((process) => {
    const threads = [...(last?.after.keys() ?? [])].filter((key) => key.startsWith(`${process}: `));
    return [process, ...threads];
  });
  const shown = names.filter((name) => phases.some((phase) => coresOf(phase, name) >= SHOWN_CORES));
  return {
    columns: [
      `cores of ${availableParallelism()}`,
      ...phases.map((_, index) => `phase ${index + 1}`),
    ],
    rows: shown.map((name) => [
      name.includes(": ") ? `  ${name.slice(name.indexOf(": ") + 2)}` : name,
      ...phases.map((phase) => coresOf(phase, name)),
    ]),
  };
}

function coresOf({ before, after, seconds }: Phase, name: string): number {
  return secondsBetween(before, after, name) / seconds;
}
