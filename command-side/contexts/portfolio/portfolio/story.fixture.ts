/** A portfolio that lives through commands given as JSON, for the tests of this folder. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { avroType } from "../../../../platform/codec/avro-type.ts";
import { newestVersions, readSchemaFiles } from "../../../../platform/codec/schema-files.ts";
import type { Decision } from "../../../../platform/kernel/decider.ts";
import { type Decimal, decimalText, ZERO } from "../../../../platform/kernel/decimal.ts";
import { TEST_CONTEXT } from "../../../../test/given.ts";
import { commands, type PortfolioCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { PortfolioEvent, TradeRecorded } from "./events.ts";
import { type Holding, holdingAfter } from "./holding.ts";
import { openLots } from "./lots.ts";
import { holdingOf, lotsOf, type OpenState } from "./open-state.ts";
import type { PortfolioState } from "./state.ts";

type Json = Readonly<Record<string, unknown>>;
type CommandType = PortfolioCommand["type"];

export const NOW_MS = 1_700_000_000_000;

export class Story {
  readonly events: PortfolioEvent[] = [];
  #state: PortfolioState = decider.initialState();
  #next = 0;

  /** The command's outcome; its events are taken in. */
  try(type: CommandType, data: Json): Decision<PortfolioEvent> {
    const context = { ...TEST_CONTEXT, nowMs: NOW_MS, aggregateId: "p-1" };
    const decision = decider.decide(this.#state, parseCommand(type, data), context);
    if (decision.outcome === "accepted") this.take(decision.events);
    return decision;
  }

  /** As `try`, for a command that must be accepted. */
  run(type: CommandType, data: Json): readonly PortfolioEvent[] {
    const decision = this.try(type, data);
    if (decision.outcome === "accepted") return decision.events;
    throw new Error(`${type} refused: ${decision.refusal.code}: ${decision.refusal.detail}`);
  }

  take(events: readonly PortfolioEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      this.#state = decider.evolve(this.#state, event);
    }
  }

  deposit(asset: string, amount: string, more: Json = {}): void {
    this.#next += 1;
    const externalReference = `reference-${this.#next}`;
    this.run("DepositFunds", { asset, amount, externalReference, ...more });
  }

  withdraw(asset: string, amount: string): void {
    this.#next += 1;
    this.run("WithdrawFunds", { asset, amount, externalReference: `reference-${this.#next}` });
  }

  /** Records a fill `quantity@price` (of BTC-USDT if not said otherwise). */
  trade(side: "buy" | "sell", fill: string, more: Json = {}): TradeRecorded {
    const [event] = this.run("RecordTrade", this.fill(side, fill, more));
    if (event?.type !== "TradeRecorded") throw new Error("no trade was recorded");
    return event.data;
  }

  buy(fill: string, more: Json = {}): TradeRecorded {
    return this.trade("buy", fill, more);
  }

  sell(fill: string, more: Json = {}): TradeRecorded {
    return this.trade("sell", fill, more);
  }

  fill(side: "buy" | "sell", fill: string, more: Json = {}): Json {
    this.#next += 1;
    const [quantity, price] = fill.split("@");
    const tradeId = `${this.#next}`;
    const instrumentId = "binance:BTC-USDT";
    return { instrumentId, tradeId, side, price, quantity, occurredAt: NOW_MS, ...more };
  }

  reverse(tradeId: string, instrumentId = "binance:BTC-USDT"): Decision<PortfolioEvent> {
    return this.try("ReverseTrade", { instrumentId, tradeId, reason: "test" });
  }

  get status(): string {
    return this.#state.status;
  }

  get state(): OpenState {
    if (this.#state.status !== "open") throw new Error("the portfolio is not open");
    return this.#state;
  }

  holding(asset: string): Holding {
    return holdingOf(this.state, asset);
  }

  balance(account: string): Decimal {
    return this.state.balances.get(account) ?? ZERO;
  }

  /** Everything that counts of the state, as text; counters and known keys left out. */
  snapshot(): unknown {
    return snapshotOf(this.state);
  }
}

export function openStory(data: Json = {}): Story {
  const story = new Story();
  story.run("OpenPortfolio", { name: "Test", ...data });
  return story;
}

export function parseCommand(type: CommandType, data: Json): PortfolioCommand {
  return { type, data: commands[type].payload.parse(data) } as PortfolioCommand;
}

/** A refusal's code, or `accepted`. */
export function codeOf(decision: Decision<PortfolioEvent>): string {
  return decision.outcome === "refused" ? decision.refusal.code : decision.outcome;
}

/** The figures of a state, zeros left out: what a reversal must bring back exactly. */
export function snapshotOf(state: OpenState): unknown {
  const holdings = [...state.holdings.values()].filter(isUsed).map((holding) => ({
    ...textsOf(holdingAfter(holding)),
    assumedLots: holding.assumedLots,
    lots: openLots(lotsOf(state, holding.asset)).map(textsOf),
  }));
  const balances = [...state.balances].filter(([, balance]) => !balance.isZero());
  return {
    holdings: holdings.sort(byText),
    balances: balances.map(([account, balance]) => [account, decimalText(balance)]).sort(byText),
  };
}

/** The same events as they come out of the log: written in Avro and read back. */
export function throughAvro(events: readonly PortfolioEvent[]): readonly PortfolioEvent[] {
  return events.map((event) => {
    const type = avroTypes().get(event.type);
    if (!type) throw new Error(`no schema for ${event.type}`);
    return { ...event, data: type.fromBuffer(type.toBuffer(event.data)) } as PortfolioEvent;
  });
}

let types: ReadonlyMap<string, ReturnType<typeof avroType>> | null = null;

function avroTypes(): ReadonlyMap<string, ReturnType<typeof avroType>> {
  const folder = join(fileURLToPath(new URL(".", import.meta.url)), "../../../../schemas");
  types ??= new Map(
    newestVersions(readSchemaFiles(folder)).map(({ name, schema }) => [name, avroType(schema)]),
  );
  return types;
}

function isUsed(holding: Holding): boolean {
  const { quantity, cost, grossCost, realisedNet, realisedGross } = holding;
  return [quantity, cost, grossCost, realisedNet, realisedGross].some((one) => !one.isZero());
}

function textsOf(value: object): Record<string, unknown> {
  const entries = Object.entries(value).map(([name, held]) => {
    return [name, typeof held === "object" && held !== null ? decimalText(held) : held];
  });
  return Object.fromEntries(entries);
}

function byText(one: unknown, two: unknown): number {
  return JSON.stringify(one) < JSON.stringify(two) ? -1 : 1;
}
