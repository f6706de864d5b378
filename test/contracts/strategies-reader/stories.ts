import type { Random } from "../../../cli/demo/random.ts";
import {
  EXAMPLE_DOCUMENT,
  type StrategyCommand,
} from "../../../command-side/contexts/strategies/strategy/commands.ts";
import type { StrategyDocument } from "../../../command-side/contexts/strategies/strategy/document.ts";
import type { StrategyFilter } from "../../../projections/strategies/store.ts";
import type { Harness } from "./adapters.ts";
import { Library } from "./library.ts";

const OWNERS = ["anna", "ben", "cleo"];
/** Words as people write them, and signs that a search could take for its own. */
export const WORDS = [
  ...["Momentum", "momentum", "Trading", "Trade", "Zoë's", "Übergröße", "naïve", "日本語", "ΑΘΉΝΑ"],
  ...[
    "AND",
    "OR",
    "NOT",
    "NEAR",
    "NEAR(a",
    'say "yes"',
    "a*",
    "50%",
    "a_b",
    "-x",
    "(y)",
    "n:z",
    "^1",
    "x+y",
  ],
];
const TYPES = ["momentum", "grid", "mean reversion"];
const TAGS = ["btc", "BTC", "fast", "50%", 'a"b'];
const INSTRUMENTS = ["binance:BTC-USDT", "binance:ETH-USDT", "kraken:BTC-EUR"];
const INDICATORS = ["RSI", "RSI_14", "EMA_1", "EMA_12", "EMA_120", "MACD"];
const STATUSES = ["draft", "active", "paused", "archived"];

export const activate: StrategyCommand = { type: "ActivateStrategy", data: {} };
export const pause: StrategyCommand = { type: "PauseStrategy", data: { reason: "test" } };
export const archive: StrategyCommand = { type: "ArchiveStrategy", data: { reason: "test" } };
export const unpublish: StrategyCommand = { type: "UnpublishStrategy", data: {} };

export function publish(visibility: "public" | "followers" = "public"): StrategyCommand {
  return { type: "PublishStrategy", data: { visibility } };
}

export function create(more: Partial<StrategyDocument> = {}): StrategyCommand {
  return { type: "CreateStrategy", data: documentOf(more) };
}

export function revise(more: Partial<StrategyDocument>): StrategyCommand {
  return { type: "ReviseStrategy", data: documentOf(more) };
}

export function fork(source: string, name?: string): StrategyCommand {
  return { type: "ForkStrategy", data: { source, name } };
}

/** With all that an active strategy needs. */
function documentOf(more: Partial<StrategyDocument>): StrategyDocument {
  return {
    ...(EXAMPLE_DOCUMENT as StrategyDocument),
    instruments: ["binance:BTC-USDT"],
    interval: "1m",
    portfolio: "p-1",
    ...more,
  };
}

export function rulesOf(...indicators: readonly string[]): StrategyDocument["rules"] {
  return indicators.map((indicator) => ({ indicator, condition: "above_70", action: "sell" }));
}

/** A filter that asks for nothing, by whoever asks. */
export function filterOf(actor: string | null, more: Partial<StrategyFilter> = {}): StrategyFilter {
  const nothing = { text: null, tag: null, type: null, instrument: null, indicator: null };
  return { actor, ...nothing, owner: null, status: null, ...more };
}

/** What the library has not told yet. */
export async function tell(model: Harness, library: Library): Promise<void> {
  for (const { strategyId, event } of library.events.splice(0)) {
    await model.take(strategyId, [event]);
  }
}

/** Whatever of random commands is not refused. */
export function randomLibrary(random: Random, steps: number): Library {
  const library = new Library();
  for (let step = 0; step < steps; step += 1) {
    const [strategyId, actor] = [`s-${random.integer(0, 30)}`, pick(random, OWNERS)];
    const command = randomCommand(random);
    const { outcome } = library.decide(strategyId, command, actor);
    if (outcome === "accepted") library.does(strategyId, command, actor);
  }
  return library;
}

function randomCommand(random: Random): StrategyCommand {
  const commands: readonly StrategyCommand[] = [
    create(randomDocument(random)),
    create(randomDocument(random)),
    revise(randomDocument(random)),
    fork(`s-${random.integer(0, 30)}`, random.chance(0.5) ? randomText(random) : undefined),
    publish(random.chance(0.8) ? "public" : "followers"),
    publish(),
    unpublish,
    activate,
    activate,
    pause,
    archive,
  ];
  return pick(random, commands);
}

function randomDocument(random: Random): Partial<StrategyDocument> {
  return {
    name: randomText(random),
    type: pick(random, TYPES),
    rules: rulesOf(...some(random, INDICATORS), pick(random, INDICATORS)),
    tags: some(random, TAGS),
    ...(random.chance(0.8) ? { instruments: some(random, INSTRUMENTS) } : {}),
  };
}

/** Each of the questions is asked or not, mostly few at once. */
export function randomFilter(random: Random): StrategyFilter {
  const maybe = (values: readonly string[]) => (random.chance(0.3) ? pick(random, values) : null);
  return {
    actor: random.chance(0.2) ? null : pick(random, OWNERS),
    text: random.chance(0.5) ? randomText(random) : null,
    tag: maybe(TAGS),
    type: maybe(TYPES),
    instrument: maybe(INSTRUMENTS),
    indicator: maybe([...INDICATORS, "EMA", "E"]),
    owner: maybe(OWNERS),
    status: maybe(STATUSES),
  };
}

/** One to three words, sometimes only the beginning of one. */
function randomText(random: Random): string {
  const words = Array.from({ length: random.integer(1, 3) }, () => pick(random, WORDS));
  const text = words.join(" ");
  return random.chance(0.3) ? [...text].slice(0, random.integer(1, 4)).join("") : text;
}

function some<T>(random: Random, values: readonly T[]): T[] {
  return values.filter(() => random.chance(0.3));
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(0, values.length - 1)] as T;
}
