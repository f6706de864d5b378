/** Random lives of every aggregate, several in one partition, for tests of their snapshots. */
import fc from "fast-check";
import { v4 as uuidV4 } from "uuid";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { Command, Event } from "../../platform/kernel/decider.ts";
import { decimal } from "../../platform/kernel/decimal.ts";
import { TEST_CONTEXT } from "../../test/given.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import {
  MINUTE_0_MS,
  NOW_MS,
  record,
  registerCommand,
  tick,
} from "../contexts/market-data/instrument/instrument.fixture.ts";
import { commands as portfolioCommands } from "../contexts/portfolio/portfolio/commands.ts";
import { anyMethod, anySteps, inOrder } from "../contexts/portfolio/portfolio/steps.fixture.ts";
import { assess, factsOf, limit } from "../contexts/risk/risk-book/story.fixture.ts";
import { PartitionState } from "../ownership/partition-state.ts";

/** What happened in one partition, in order. */
export type History = readonly { readonly aggregateId: string; readonly event: Event }[];

interface Asked {
  readonly aggregateId: string;
  readonly command: Command;
  readonly facts?: unknown;
}

const PORTFOLIO_FACTS = {
  portfolio: {
    value: { isOpen: true, owner: null, baseCurrency: "USDT", cash: decimal("1000"), holdings: [] },
    version: 1,
    partition: { topic: "x", partition: 0 },
    position: 1,
  },
};

const TRADERS = ["anna", "ben", "cleo", "dan"] as const;

/** Commands of one aggregate, some of which are refused. */
const asked: Readonly<Record<string, fc.Arbitrary<readonly Asked[]>>> = {
  instrument: several("binance:BTC-USDT", "binance:ETH-USDT", instrumentLife),
  portfolio: several("p/1", "p-2", portfolioLife),
  "risk-book": several("p/1", "p-2", riskLife),
  trader: socialLife(),
};

/** Facts of aggregates that take whatever they are told. */
const told: Readonly<Record<string, fc.Arbitrary<readonly Omit<Event, "occurredAtMs">[]>>> = {
  quarantine: fc.array(
    fc
      .array(fc.string({ unit: "binary" }), { maxLength: 3 })
      .map((ticks) => ({ type: "TicksQuarantined", data: { ticks } })),
  ),
  strategy: strategyLife(),
  projection: generations(),
};

/** Random histories of an aggregate's partition. */
export function historiesOf(aggregate: AggregateDefinition): fc.Arbitrary<History> {
  const ofCommands = asked[aggregate.name];
  if (ofCommands !== undefined) return ofCommands.map((all) => decided(aggregate, all));
  const ofEvents = told[aggregate.name];
  if (ofEvents === undefined) throw new Error(`there are no histories of ${aggregate.name}`);
  return fc.tuple(ofEvents, ofEvents).map(([one, other]) => {
    return [...happened("a", one), ...happened("b/c", other)];
  });
}

/** As a log would give it back from `first` on; every fourth event has its command's id. */
export function recorded(
  history: History,
  { topic, first }: { readonly topic: string; readonly first: number },
): readonly RecordedEvent[] {
  const sequences = new Map<string, number>();
  return history.map(({ aggregateId, event }, index) => {
    const sequence = (sequences.get(aggregateId) ?? 0) + 1;
    sequences.set(aggregateId, sequence);
    const ids = { eventId: uuidV4(), commandId: uuidV4(), correlationId: uuidV4() };
    const causes = { causationId: null, causationPosition: null, traceparent: null };
    const command = { commandIndex: index % 4, commandEvents: 4, commandHash: "", actor: "test" };
    const place = { topic, partition: 0, position: first + index, recordedAtMs: NOW_MS + index };
    return { ...ids, ...causes, ...command, ...place, aggregateId, sequence, epoch: 1, event };
  });
}

function decided(aggregate: AggregateDefinition, all: readonly Asked[]): History {
  const state = new PartitionState(aggregate);
  return all.flatMap(({ aggregateId, command, facts = null }) => {
    const context = { ...TEST_CONTEXT, nowMs: NOW_MS, aggregateId, facts, view: state.view };
    const decision = aggregate.decider.decide(state.stateOf(aggregateId), command, context);
    if (decision.outcome === "refused") return [];
    for (const event of decision.events) state.evolve(aggregateId, event);
    return decision.events.map((event) => ({ aggregateId, event }));
  });
}

function happened(aggregateId: string, events: readonly Omit<Event, "occurredAtMs">[]): History {
  return events.map((event) => ({ aggregateId, event: { ...event, occurredAtMs: NOW_MS } }));
}

type Life = fc.Arbitrary<readonly Omit<Asked, "aggregateId">[]>;

/** Two lives, one step of each after the other. */
function several(one: string, other: string, lifeOf: (id: string) => Life) {
  return fc.tuple(lifeOf(one), lifeOf(other)).map(([first, second]) => {
    const longest = Math.max(first.length, second.length);
    return Array.from({ length: longest }, (_, step): Asked[] => {
      return [
        ...first.slice(step, step + 1).map((next) => ({ ...next, aggregateId: one })),
        ...second.slice(step, step + 1).map((next) => ({ ...next, aggregateId: other })),
      ];
    }).flat();
  });
}

function instrumentLife(id: string): Life {
  const price = fc.integer({ min: 1, max: 99_999 }).map((cents) => `${cents / 100}`);
  const tradeId = fc.oneof(fc.nat({ max: 5_000 }), fc.string({ minLength: 1 }), fc.constant(null));
  const ticks = fc.array(
    fc.record({ price, tradeId, side: fc.constantFrom("buy", "sell", "unknown") }),
    { minLength: 1, maxLength: 6 },
  );
  const offsetMs = fc.integer({ min: -7_200_000, max: 30_000 });
  const recordTicks = fc
    .tuple(offsetMs, ticks, fc.constantFrom("live", "backfill"))
    .map((drawn) => {
      const [at, all, source] = drawn;
      const data = all.map((one, index) => tick(at + index * 40, { ...one, occurrence: index }));
      return record(data, { source });
    });
  const text = fc.string({ minLength: 1, maxLength: 6 });
  const effectiveAt = fc.option(fc.integer({ min: NOW_MS - 1_000, max: NOW_MS + 1_000 }));
  const named = (type: string) => {
    return fc.record({ symbol: text, effectiveAt }).map((data) => ({ type, data }));
  };
  const close = offsetMs.map((at) => {
    return { type: "CloseCandles", data: { upTo: MINUTE_0_MS + at, cause: "command" } };
  });
  const from = fc.integer({ min: MINUTE_0_MS - 9e6, max: MINUTE_0_MS - 8e6 });
  const backfill = from.map((at) => {
    return { type: "DeclareBackfillRange", data: { from: at, to: at + 60_000 } };
  });
  const delist = effectiveAt.map((at) => {
    return { type: "DelistInstrument", data: { effectiveAt: at, reason: "over" } };
  });
  const figures = { open: price, high: price, low: price, close: price, volume: price };
  const revise = fc
    .record({ ...figures, minute: fc.constantFrom(0, 1, 1_500, 1_501) })
    .map((drawn) => {
      const { minute, ...texts } = drawn;
      const exact = Object.entries(texts).map(([name, text]) => [name, decimal(text)]);
      const sums = { priceVolume: decimal("402"), buyVolume: decimal("1"), trades: 3 };
      const openTime = MINUTE_0_MS - minute * 60_000;
      const data = { openTime, ...Object.fromEntries(exact), ...sums, storedRevision: null };
      return { type: "ReviseCandle", data };
    });
  const steps = effectiveAt.map((at) => {
    const { priceStep, quantityStep, minQuantity } = registerCommand.data;
    const minNotional = decimal("5");
    const data = { priceStep, quantityStep, minQuantity, minNotional, effectiveAt: at };
    return { type: "ChangeInstrumentSteps", data };
  });
  const weighted = fc.oneof(
    { weight: 12, arbitrary: recordTicks as fc.Arbitrary<Command> },
    { weight: 2, arbitrary: revise as fc.Arbitrary<Command> },
    { weight: 1, arbitrary: steps as fc.Arbitrary<Command> },
    { weight: 3, arbitrary: close },
    { weight: 2, arbitrary: named("RenameInstrument") },
    { weight: 2, arbitrary: named("AddInstrumentAlias") },
    { weight: 1, arbitrary: backfill },
    { weight: 1, arbitrary: delist },
  );
  return fc.array(weighted, { maxLength: 25 }).map((all) => {
    const base = id.slice("binance:".length, -"-USDT".length);
    const data = { ...registerCommand.data, base, symbol: `${base}USDT` };
    return [{ ...registerCommand, data }, ...all].map((command) => ({ command }));
  });
}

function portfolioLife(): Life {
  const parsed = (type: keyof typeof portfolioCommands, data: unknown) => {
    return { command: { type, data: portfolioCommands[type].payload.parse(data) } };
  };
  const reversed = fc.array(fc.nat({ max: 40 }), { maxLength: 4 });
  return fc.tuple(anyMethod, anySteps, reversed, fc.boolean()).map((drawn) => {
    const [costMethod, steps, trades, closes] = drawn;
    const reversals = trades.map((trade) => {
      const of = { instrumentId: "binance:BTC-USDT", tradeId: `${trade}` };
      return parsed("ReverseTrade", { ...of, reason: "test" });
    });
    return [
      parsed("OpenPortfolio", { name: "Random", costMethod }),
      ...inOrder(steps).map(([type, data]) => parsed(type, data)),
      ...reversals,
      ...(closes ? [parsed("ClosePortfolio", { reason: "test" })] : []),
    ];
  });
}

function riskLife(): Life {
  const quantity = fc.integer({ min: 0, max: 30 }).map((tenths) => `${tenths / 10}`);
  const price = fc.integer({ min: 40_000, max: 80_000 }).map((units) => `${units}`);
  const order = {
    instrumentId: "binance:BTC-USDT",
    side: "buy",
    quantity: decimal("9"),
    price: decimal("60000"),
    reduceOnly: false,
  };
  const limits = [
    limit("drawdown", "0.05", { action: "close", warnAt: decimal("0.02") }),
    limit("leverage", "1.1", { warnAt: decimal("0.9") }),
    limit("concentration", "0.4", { asset: "BTC", action: "block_new" }),
  ];
  const acknowledge: Command = {
    type: "AcknowledgeBreach",
    data: { kind: "concentration", asset: "BTC", note: null },
  };
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(quantity, price).map(([held, at]) => ({ held, at })) },
    fc.constantFrom(
      ...limits,
      { type: "ResetLimit", data: { kind: "drawdown", asset: null, reason: "test" } },
      acknowledge,
      { type: "RemoveRiskLimit", data: { kind: "leverage", asset: null, reason: "test" } },
      { type: "SetTradingState", data: { state: "reducing", reason: "test" } },
      { type: "CheckOrder", data: order },
    ),
  );
  return fc.array(step, { minLength: 1, maxLength: 25 }).map((steps) => {
    const breach = { held: "3.0", at: "80000" };
    return [...limits, ...steps, breach, acknowledge].map((one, index) => {
      const facts = factsOf("100000");
      if ("type" in one) return { command: one, facts };
      const held = { USDT: "50000", BTC: one.held };
      return { command: assess(held, { price: one.at, sequence: index + 1 }), facts };
    });
  });
}

/** Most are registered first: the others can do nothing. */
function socialLife(): fc.Arbitrary<readonly Asked[]> {
  return fc.array(socialCommand(), { minLength: 5, maxLength: 60 }).map((all) => {
    const registrations = TRADERS.slice(1).map((aggregateId): Asked => {
      const data = { handle: `${aggregateId}_1`, acceptsCopiers: true, copierLimit: 3 };
      return { aggregateId, command: { type: "RegisterTrader", data } };
    });
    return [...registrations, ...all, ...copying()];
  });
}

/** Of two whom nobody else knows, so that nothing stands against it. */
function copying(): readonly Asked[] {
  const registered = (aggregateId: string): Asked => {
    const data = { handle: `${aggregateId}_1`, acceptsCopiers: true, copierLimit: 3 };
    return { aggregateId, command: { type: "RegisterTrader", data } };
  };
  const terms = { portfolioId: "p-9", allocation: decimal("7"), mode: "proportional" };
  const data = { leader: "eve", ...terms, multiplier: null };
  const stopped = { leader: "eve", closeMode: "keep", blocked: "eve" };
  const of = (type: string, said: object): Asked => {
    return { aggregateId: "finn", command: { type, data: said }, facts: PORTFOLIO_FACTS };
  };
  const ofFinn = [
    ...["StartCopying", "PauseCopy", "ResumeCopy"].map((type) => of(type, data)),
    of("AdjustCopy", { ...data, allocation: decimal("8") }),
    ...["StopCopying", "FollowTrader", "UnfollowTrader", "BlockTrader", "UnblockTrader"].map(
      (type) => of(type, stopped),
    ),
  ];
  return [registered("eve"), registered("finn"), ...ofFinn];
}

function socialCommand(): fc.Arbitrary<Asked> {
  const trader = fc.constantFrom(...TRADERS);
  const terms = fc.record({
    leader: trader,
    portfolioId: fc.constantFrom("p-1", "p-2"),
    allocation: fc.integer({ min: 1, max: 400 }).map((units) => decimal(`${units}.5`)),
    mode: fc.constant("proportional"),
    multiplier: fc.constant(null),
  });
  const leader = fc.record({ leader: trader });
  const handle = fc.record({
    handle: fc.constantFrom("Steady", "steady", "quick", "third"),
    acceptsCopiers: fc.boolean(),
    copierLimit: fc.integer({ min: 1, max: 3 }),
  });
  const data: Readonly<Record<string, fc.Arbitrary<object>>> = {
    RegisterTrader: handle,
    FollowTrader: leader,
    UnfollowTrader: leader,
    BlockTrader: fc.record({ blocked: trader }),
    UnblockTrader: fc.record({ blocked: trader }),
    StartCopying: terms,
    AdjustCopy: terms,
    PauseCopy: leader,
    ResumeCopy: leader,
    StopCopying: leader.map((one) => ({ ...one, closeMode: "keep" })),
    LeaveNetwork: fc.constant({ reason: "test" }),
  };
  const commands = Object.entries(data).map(([type, arbitrary]) => {
    return arbitrary.map((of): Command => ({ type, data: { ...of } }));
  });
  return fc.tuple(trader, fc.oneof(...commands)).map(([aggregateId, command]) => {
    return { aggregateId, command, facts: PORTFOLIO_FACTS };
  });
}

function strategyLife() {
  const document = fc.string({ unit: "binary" });
  const later = fc.oneof(
    document.map((text) => ({ type: "StrategyRevised", data: { version: 2, document: text } })),
    fc
      .constantFrom("StrategyActivated", "StrategyPaused", "StrategyArchived")
      .map((type) => ({ type, data: { version: 1, reason: "test" } })),
    fc
      .constantFrom("public", "followers")
      .map((visibility) => ({ type: "StrategyPublished", data: { visibility } })),
  );
  const first = fc.tuple(fc.constantFrom("StrategyCreated", "StrategyForked"), document);
  return fc.tuple(first, fc.array(later)).map(([[type, text], others]) => {
    return [{ type, data: { owner: "anna", version: 1, document: text } }, ...others];
  });
}

function generations() {
  const steps = fc.constantFrom(
    ["GenerationPromoted"],
    ["GenerationCaughtUp", "GenerationVerificationProgressed", "GenerationVerified"],
    ["GenerationCaughtUp", "GenerationVerified", "GenerationPromoted"],
    ["GenerationCaughtUp", "GenerationVerified", "GenerationRetired"],
    ["GenerationCaughtUp", "GenerationVerificationFailed", "GenerationCancelled"],
    ["GenerationFailed", "ProjectionPaused"],
    ["ProjectionPaused", "ProjectionResumed"],
    ["StreamParked", "StreamReleaseRequested", "StreamParked"],
    ["StreamParked", "ParkedEventDiscarded"],
    ["StreamParked", "StreamReleaseRequested", "StreamReleased"],
  );
  return fc.array(steps, { maxLength: 8 }).map((all) => {
    return all.flatMap((types, index) => {
      const lives = { generation: index + 1, against: index, positions: { "a.events/0": index } };
      const parks = { partition: "a.events/0", stream: "a", position: index, sequence: 1 };
      const of = {
        ...lives,
        ...parks,
        reason: "a fault",
        fault: "a fault",
        releases: 0,
        through: 9,
      };
      return [
        { type: "GenerationStarted", data: { generation: index + 1, version: 1 } },
        ...types.map((type) => ({ type, data: of })),
      ];
    });
  });
}
