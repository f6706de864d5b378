import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { NumberText } from "../../../platform/fields/fields.ts";
import type { Command, Decision, Event } from "../../../platform/kernel/decider.ts";
import { TEST_CONTEXT } from "../../../test/given.ts";
import type { CommandOutcome } from "../../gateway.ts";
import type { InstrumentEvent } from "./instrument/events.ts";
import { instrument } from "./instrument/index.ts";
import { MINUTE_0_MS, NOW_MS, registered, ticksOf } from "./instrument/instrument.fixture.ts";
import { InstrumentDirectory } from "./instrument-directory.ts";
import { quarantine } from "./quarantine/index.ts";
import { type AddressedCommand, TickService } from "./tick-service.ts";
import { COMMANDS_IN_FLIGHT, ERRORS_LISTED, TICKS_PER_COMMAND } from "./tick-session.ts";

const BTC = "binance:BTC-USDT";
const ETH = "binance:ETH-USDT";
const feed = { source: "live", feedSession: "" } as const;

const raw = (more: object = {}) => ({
  exchange: "binance",
  symbol: "BTCUSDT",
  price: "100",
  volume: 1,
  timestamp: MINUTE_0_MS,
  ...more,
});

/** The command side as the service sees it: it decides in order, and answers when it likes. */
class DecidingCommandSide {
  readonly commands: AddressedCommand[] = [];
  readonly events: InstrumentEvent[] = [];
  readonly quarantined = new Map<string, readonly string[]>();
  readonly directory = new InstrumentDirectory();
  readonly #states = new Map<string, ReturnType<typeof instrument.decider.initialState>>();
  mostInFlight = 0;
  #inFlight = 0;
  failWith: CommandOutcome | null = null;
  /** Of the event loop. */
  turnsToAnswer = 1;

  constructor() {
    this.#register(BTC, registered());
    this.#register(ETH, registered({ symbol: "ETHUSDT", base: "ETH" }));
  }

  submit = async (request: AddressedCommand): Promise<CommandOutcome> => {
    this.commands.push(request);
    this.#inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    const outcome = this.failWith ?? this.#decide(request);
    for (let turn = 0; turn < this.turnsToAnswer; turn += 1) await nextTurn();
    this.#inFlight -= 1;
    return outcome;
  };

  #register(id: string, event: InstrumentEvent): void {
    const { decider } = instrument;
    this.#states.set(id, decider.evolve(decider.initialState(), event));
    this.directory.observe(id, event);
  }

  #decide({ aggregate, aggregateId, command, commandId }: AddressedCommand): CommandOutcome {
    const context = { ...TEST_CONTEXT, nowMs: NOW_MS, aggregateId };
    if (aggregate === "quarantine") {
      const decision = quarantine.decider.decide({ ticks: 0 }, asQuarantine(command), context);
      if (decision.outcome === "accepted") {
        this.quarantined.set(commandId, decision.events[0]?.data.ticks ?? []);
      }
      return outcomeOf(aggregateId, decision, 7);
    }
    const { decider } = instrument;
    const state = this.#states.get(aggregateId) ?? decider.initialState();
    const decision = decider.decide(state, asInstrument(command), context);
    if (decision.outcome === "accepted") {
      this.#states.set(aggregateId, decision.events.reduce(decider.evolve, state));
      this.events.push(...decision.events);
    }
    return outcomeOf(aggregateId, decision, this.events.length);
  }
}

type InstrumentCommand = Parameters<typeof instrument.decider.decide>[1];
type QuarantineCommand = Parameters<typeof quarantine.decider.decide>[1];
const asInstrument = (command: Command) => command as InstrumentCommand;
const asQuarantine = (command: Command) => command as QuarantineCommand;

function outcomeOf(id: string, decision: Decision<Event>, position: number): CommandOutcome {
  if (decision.outcome === "refused") return decision;
  return {
    outcome: "accepted",
    aggregateId: id,
    version: 1,
    events: [],
    answer: decision.answer ?? null,
    partition: { topic: id === BTC ? "market.events" : "other", partition: 0 },
    position,
    logId: "log-1",
    repeated: false,
  };
}

async function send(
  ticks: Iterable<unknown> | AsyncIterable<unknown>,
  side = new DecidingCommandSide(),
) {
  const { counts, positions, logId } = await new TickService(side).record(ticks, feed);
  return { ...counts, positions, logId, side };
}

const many = (count: number, more: (index: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, n) =>
    raw({ tradeId: n, timestamp: MINUTE_0_MS + n, ...more(n) }),
  );

describe("the service of ticks", () => {
  it("takes a tick as feeds send it, price and volume as number or text, time as ms or ISO", async () => {
    const { accepted, side, positions, logId } = await send([
      raw({ price: 100.5, volume: "2.5e-7" }),
      raw({ timestamp: "2024-08-08T12:00:01Z", trade_id: 7, side: "sell" }),
      raw({ tradeId: new NumberText("9007199254740993"), side: null }),
    ]);
    expect(accepted).to.equal(3);
    const recorded = ticksOf(side.events).map(({ timeMs, side: taker, tradeId }) => {
      return [timeMs - MINUTE_0_MS, taker, tradeId];
    });
    expect(recorded).to.deep.equal([
      [0, "unknown", null],
      [0, "unknown", "9007199254740993"],
      [1_000, "sell", 7],
    ]);
    expect([...positions]).to.deep.equal([["market.events/0", 1]]);
    expect(logId).to.equal("log-1");
  });

  it("counts every tick once, whatever becomes of it", async () => {
    const side = new DecidingCommandSide();
    await send([raw({ tradeId: 1 })], side);
    const {
      positions: _,
      logId: __,
      side: ___,
      errors,
      ...counts
    } = await send(
      [
        raw({ tradeId: 1 }),
        raw({ tradeId: 2 }),
        raw({ tradeId: 3, symbol: "NEWUSDT" }),
        raw({ tradeId: 4, timestamp: NOW_MS + 300_001 }),
        raw({ tradeId: 5, price: "1e14" }),
        raw({ tradeId: 6, price: 0 }),
        raw({ tradeId: 7, trade_ID: 8 }),
        "no tick",
      ],
      side,
    );
    expect(counts).to.deep.equal({
      accepted: 1,
      duplicates: 1,
      beyondHorizon: 0,
      rejected: 3,
      quarantined: 3,
    });
    expect(errors.map(({ pointer }) => pointer)).to.deep.equal(["/5/price", "/6/trade_ID", "/7"]);
    const reasons = side.commands.map(({ aggregateId, command }) => {
      const data = command.data as { reason?: string };
      return [aggregateId, data.reason ?? command.type];
    });
    expect(reasons.slice(1)).to.have.deep.members([
      [BTC, "RecordTicks"],
      ["binance:NEWUSDT", "unknown_symbol"],
      ["binance:BTCUSDT", "future"],
      ["binance:BTCUSDT", "absurd"],
    ]);
  });

  it("sets the same ticks aside under the same command id, as they came", async () => {
    const side = new DecidingCommandSide();
    const unknown = raw({ symbol: "NEWUSDT", price: new NumberText("1.00000000000000001") });
    await send([unknown], side);
    await send([unknown], side);
    await send([{ ...unknown, volume: 2 }], side);
    expect(side.commands).to.have.length(3);
    expect(side.quarantined.size).to.equal(2);
    const [first] = [...side.quarantined.values()];
    expect(JSON.parse(first?.[0] ?? "")).to.deep.equal({
      ...unknown,
      price: "1.00000000000000001",
    });
  });

  it("tells equal ticks without id apart within a request, and finds them in the next", async () => {
    const side = new DecidingCommandSide();
    const equal = [raw(), raw({ price: "100.00" }), raw({ side: "buy" })];
    const [first, second] = [await send(equal, side), await send(equal, side)];
    expect([first.accepted, second.accepted, second.duplicates]).to.deep.equal([3, 0, 3]);
    expect(ticksOf(side.events).map(({ occurrence }) => occurrence)).to.deep.equal([0, 1, 0]);
  });

  it("sends commands of so many ticks at most, in order within each instrument", async () => {
    const count = 3 * TICKS_PER_COMMAND + 7;
    const ticks = many(count, (n) => ({ symbol: n % 2 === 0 ? "BTCUSDT" : "ETHUSDT" }));
    const { side, accepted } = await send(ticks);
    expect(accepted).to.equal(count);
    for (const id of [BTC, ETH]) {
      const commands = side.commands.filter(({ aggregateId }) => aggregateId === id);
      const sent = commands.map(({ command }) => {
        return (command.data as { ticks: { timeMs: number }[] }).ticks;
      });
      expect(sent.every(({ length }) => length <= TICKS_PER_COMMAND)).to.equal(true);
      expect(sent.length).to.be.below(sent.flat().length / 10);
      const times = sent.flat().map(({ timeMs }) => timeMs);
      expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    }
  });

  it("reads no further than a bounded number of commands in flight", async () => {
    const side = new DecidingCommandSide();
    side.turnsToAnswer = 1_000;
    const ticks = (COMMANDS_IN_FLIGHT + 40) * TICKS_PER_COMMAND;
    const { accepted } = await send(many(ticks), side);
    expect(accepted).to.equal(ticks);
    // What waited too long for company leaves all the same: one command of each instrument.
    expect(side.mostInFlight).to.be.within(COMMANDS_IN_FLIGHT, COMMANDS_IN_FLIGHT + 2);
  });

  it("does not let a tick of a slow stream wait for the next", async () => {
    const side = new DecidingCommandSide();
    async function* slow() {
      yield raw({ tradeId: 1 });
      while (side.events.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      yield raw({ tradeId: 2 });
    }
    const { accepted } = await send(slow(), side);
    expect(accepted).to.equal(2);
    expect(side.commands).to.have.length(2);
  });

  it("ends with the error of a command that fails, and submits nothing more", async () => {
    const side = new DecidingCommandSide();
    side.failWith = { outcome: "failed", code: "DISK_FULL", detail: "no room" };
    const ticks = many(200 * TICKS_PER_COMMAND);
    const error = await send(ticks, side).catch((failure: unknown) => failure);
    expect(error).to.include({ code: "DISK_FULL" });
    expect(side.commands.length).to.be.at.most(COMMANDS_IN_FLIGHT + 1);
  });

  it("settles what is on its way before it passes on an error of its source", async () => {
    const side = new DecidingCommandSide();
    function* broken() {
      yield* many(TICKS_PER_COMMAND);
      throw new Error("cut off");
    }
    const error = await send(broken(), side).catch((failure: unknown) => failure);
    expect(error).to.include({ message: "cut off" });
    expect(ticksOf(side.events)).to.have.length(TICKS_PER_COMMAND);
  });

  it("rejects the ticks of a command that is refused", async () => {
    const side = new DecidingCommandSide();
    const refusal = { code: "INSTRUMENT_DELISTED", detail: "trading ended" };
    side.failWith = { outcome: "refused", refusal };
    const { rejected, errors } = await send(many(3), side);
    expect(rejected).to.equal(3);
    expect(errors[2]).to.deep.equal({
      pointer: "/2",
      detail: "INSTRUMENT_DELISTED: trading ended",
    });
  });

  it("lists only so many errors", async () => {
    const { rejected, errors } = await send(Array.from({ length: 300 }, () => ({})));
    expect(rejected).to.equal(300);
    expect(errors).to.have.length(ERRORS_LISTED);
  });
});
