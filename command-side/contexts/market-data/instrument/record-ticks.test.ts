import { expect } from "chai";
import { decimal, decimalText } from "../../../../platform/kernel/decimal.ts";
import { given } from "../../../../test/given.ts";
import type { InstrumentCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { InstrumentEvent } from "./events.ts";
import {
  CONTEXT,
  candlesOf,
  close,
  MINUTE_0_MS,
  NOW_MS,
  record,
  registered,
  tick,
  ticksOf,
} from "./instrument.fixture.ts";

const DAY_MS = 86_400_000;

/** All events of a story, from the registration on. */
function story(...commands: InstrumentCommand[]): readonly InstrumentEvent[] {
  const events: InstrumentEvent[] = [registered()];
  for (const command of commands) {
    events.push(...given(decider, events, CONTEXT).when(command).thenAccepted());
  }
  return events;
}

const answerOf = (events: readonly InstrumentEvent[], command: InstrumentCommand) => {
  const { decision } = given(decider, events, CONTEXT).when(command);
  return decision.outcome === "accepted" ? decision.answer : decision.refusal.code;
};

const ALL_TAKEN = { duplicates: 0, beyondHorizon: 0, future: [], absurd: [] };

describe("recording ticks", () => {
  it("numbers them within their millisecond, in tick order, with the exchange's time", () => {
    const [, recorded] = story(record([tick(5), tick(3), tick(5, { price: "101" })]));
    expect(recorded?.type).to.equal("TicksRecorded");
    expect(recorded?.occurredAtMs).to.equal(MINUTE_0_MS + 5);
    const places = ticksOf(recorded ? [recorded] : []).map(({ timeMs, ordinal, price }) => {
      return [timeMs - MINUTE_0_MS, ordinal, decimalText(price)];
    });
    expect(places).to.deep.equal([
      [3, 0, "100"],
      [5, 0, "100"],
      [5, 1, "101"],
    ]);
  });

  it("goes on numbering in the millisecond where the last command ended", () => {
    const events = story(record([tick(5, { tradeId: 1 })]), record([tick(5, { tradeId: 2 })]));
    expect(ticksOf(events).map(({ ordinal }) => ordinal)).to.deep.equal([0, 1]);
  });

  it("numbers late ticks apart, counting them for ever", () => {
    const events = story(
      record([tick(9, { tradeId: 9 })]),
      record([tick(3, { tradeId: 3 }), tick(4, { tradeId: 4 }), tick(10, { tradeId: 10 })]),
      record([tick(3, { tradeId: 2 })]),
    );
    const ordinals = ticksOf(events).map(({ ordinal }) => ordinal);
    expect(ordinals).to.deep.equal([0, 500_000, 500_001, 0, 500_002]);
    const last = events.at(-1);
    expect(last?.type === "TicksRecorded" && last.data.lateBefore).to.equal(2);
  });

  it("keeps a tick of volume 0 as a trade that does not move the VWAP", () => {
    const ticks = [tick(0, { price: "10", volume: "2" }), tick(1, { price: "99", volume: "0" })];
    const [candle] = candlesOf(
      story(record(ticks), record([tick(63_000)], { source: "backfill" })),
    );
    expect(candle?.data.trades).to.equal(2);
    expect(decimalText(candle?.data.high ?? decimal("0"))).to.equal("99");
    expect(decimalText(candle?.data.vwap ?? decimal("0"))).to.equal("10");
  });

  it("does not take ticks more than 5 minutes ahead of the clock, or of no trade", () => {
    const limitMs = NOW_MS + 300_000 - MINUTE_0_MS;
    const ticks = [
      tick(limitMs + 1),
      tick(0),
      tick(limitMs),
      tick(1, { price: "1e13" }),
      tick(2, { volume: "1e7", price: "1e6" }),
      { ...tick(3), timeMs: 1_723_161_255 },
    ];
    const expected = { ...ALL_TAKEN, accepted: 2, future: [0], absurd: [3, 4, 5] };
    expect(answerOf([registered()], record(ticks))).to.deep.equal(expected);
  });

  it("refuses a minute whose sums would not fit a decimal", () => {
    const huge = { ...tick(0), volume: decimal("1e19").plus(1) };
    const ticks = [{ ...huge, ordinal: 0 }];
    const [, recorded] = story(record([tick(0)]));
    if (recorded?.type !== "TicksRecorded") throw new Error("no ticks were recorded");
    const full = { ...recorded, data: { ...recorded.data, ticks } };
    given(decider, [registered(), full], CONTEXT)
      .when(record([tick(1)]))
      .thenRefused("MINUTE_TOO_LARGE", { openTimeMs: MINUTE_0_MS });
  });
});

describe("duplicates of ticks", () => {
  it("with a numeric id are found by it, also within a command", () => {
    const ticks = [tick(0, { tradeId: 5 }), tick(1, { tradeId: 6 }), tick(1, { tradeId: 6 })];
    const events = story(record(ticks));
    expect(ticksOf(events)).to.have.length(2);
    const expected = { ...ALL_TAKEN, accepted: 0, duplicates: 3 };
    expect(answerOf(events, record(ticks))).to.deep.equal(expected);
    given(decider, events, CONTEXT).when(record(ticks)).then([]);
  });

  it("with another id are found by its hash", () => {
    const events = story(record([tick(0, { tradeId: "a" }), tick(0, { tradeId: "b" })]));
    const again = record([tick(0, { tradeId: "b" }), tick(0, { tradeId: "c" })]);
    expect(answerOf(events, again)).to.deep.equal({ ...ALL_TAKEN, accepted: 1, duplicates: 1 });
  });

  it("of one command are found within it, but for equal ticks that are numbered", () => {
    const named = [tick(0, { tradeId: "a" }), tick(5, { tradeId: "a" })];
    const twice = record([...named, tick(0), tick(0), tick(0, { occurrence: 1 })]);
    const expected = { ...ALL_TAKEN, accepted: 3, duplicates: 2 };
    expect(answerOf([registered()], twice)).to.deep.equal(expected);
  });

  it("without id are equal ticks of another request, unless it is another feed session", () => {
    const twice = [tick(0), tick(0, { occurrence: 1 })];
    const events = story(record(twice, { feedSession: "s1" }));
    expect(ticksOf(events)).to.have.length(2);
    const again = (feedSession: string) => answerOf(events, record(twice, { feedSession }));
    expect(again("s1")).to.deep.equal({ ...ALL_TAKEN, accepted: 0, duplicates: 2 });
    expect(again("s2")).to.deep.equal({ ...ALL_TAKEN, accepted: 2 });
  });

  it("without id differ by time, price, volume, side or number", () => {
    const events = story(record([tick(0)]));
    const others = [
      tick(1),
      tick(0, { price: "101" }),
      tick(0, { volume: "2" }),
      tick(0, { side: "sell" }),
      tick(0, { occurrence: 1 }),
    ];
    expect(answerOf(events, record(others))).to.deep.include({ accepted: 5 });
  });

  it("cannot be told apart beyond the horizon, unless the time is declared a backfill", () => {
    const sparse = Array.from({ length: 10_500 }, (_, n) => tick(n, { tradeId: 1_000 + 2 * n }));
    const commands = Array.from({ length: 21 }, (_, n) => {
      return record(sparse.slice(n * 500, n * 500 + 500));
    });
    const events = story(...commands);
    const old = record([tick(1, { tradeId: 1_001 }), tick(10_000, { tradeId: 20_999 })]);
    expect(answerOf(events, old)).to.deep.equal({ ...ALL_TAKEN, accepted: 1, beyondHorizon: 1 });
    const declared = story(...commands, {
      type: "DeclareBackfillRange",
      data: { from: MINUTE_0_MS, to: MINUTE_0_MS + 10 },
    });
    expect(answerOf(declared, old)).to.deep.equal({ ...ALL_TAKEN, accepted: 2 });
  });
});

describe("trade ids that do not rise with time", () => {
  const falling = [tick(0, { tradeId: 9 }), tick(10_000, { tradeId: 3 })];

  it("stand in the events as text, so that the ordinal orders", () => {
    const events = story(record(falling), record([tick(11_000, { tradeId: 12 })]));
    expect(ticksOf(events).map(({ tradeId }) => tradeId)).to.deep.equal(["9", "3", "12"]);
  });

  it("still find duplicates, of before and after it was noticed", () => {
    const events = story(
      record([tick(0, { tradeId: 100 })]),
      record([tick(10_000, { tradeId: 7 })]),
    );
    expect(ticksOf(events).map(({ tradeId }) => tradeId)).to.deep.equal([100, "7"]);
    const again = record([tick(0, { tradeId: 100 }), tick(10_000, { tradeId: 7 })]);
    expect(answerOf(events, again)).to.deep.equal({ ...ALL_TAKEN, accepted: 0, duplicates: 2 });
    const others = record([tick(10_001, { tradeId: 99 }), tick(10_002, { tradeId: 8 })]);
    expect(answerOf(events, others)).to.deep.equal({ ...ALL_TAKEN, accepted: 2 });
  });

  it("may be the other way round within the lateness", () => {
    const events = story(record([tick(0, { tradeId: 4 }), tick(1_900, { tradeId: 3 })]));
    expect(ticksOf(events).map(({ tradeId }) => tradeId)).to.deep.equal([4, 3]);
  });
});

describe("closing minutes", () => {
  it("is done by a tick later than the end and the lateness, not by one at that moment", () => {
    const before = record([tick(0)], { source: "backfill" });
    const at = (offsetMs: number) =>
      candlesOf(story(before, record([tick(offsetMs)], { source: "backfill" })));
    expect(at(62_000)).to.deep.equal([]);
    const [closed] = at(62_001);
    expect(closed?.type).to.equal("CandleClosed");
    expect(closed?.occurredAtMs).to.equal(MINUTE_0_MS + 60_000);
    expect(closed?.data).to.deep.include({
      openTimeMs: MINUTE_0_MS,
      trades: 1,
      revision: 0,
      watermarkMs: MINUTE_0_MS + 62_001,
      cause: "tick",
    });
  });

  it("counts a tick on the border to the new minute", () => {
    const ticks = [tick(59_999), tick(60_000), tick(130_000)];
    const candles = candlesOf(story(record(ticks, { source: "backfill" })));
    const counted = candles.map(({ data }) => [data.openTimeMs - MINUTE_0_MS, data.trades]);
    expect(counted).to.deep.equal([
      [0, 1],
      [60_000, 1],
    ]);
  });

  it("is not done ahead of the owner's clock by live ticks", () => {
    const early = record([tick(0), tick(200_000)]);
    expect(candlesOf(story(early))).to.deep.equal([]);
    const [, recorded] = story(early);
    expect(recorded?.type === "TicksRecorded" && recorded.data.watermarkMs).to.equal(
      NOW_MS + 2_000,
    );
  });

  it("is done by command up to a moment, but not of the minute that runs", () => {
    const events = story(record([tick(-60_000), tick(0)], { source: "backfill" }));
    const closed = story(
      record([tick(-60_000), tick(0)], { source: "backfill" }),
      close(MINUTE_0_MS + DAY_MS),
    );
    const candles = candlesOf(closed.slice(events.length));
    expect(candles.map(({ data }) => [data.openTimeMs, data.cause])).to.deep.equal([
      [MINUTE_0_MS - 60_000, "command"],
    ]);
    given(decider, closed, CONTEXT)
      .when(close(MINUTE_0_MS + DAY_MS))
      .then([], { closed: 0 });
  });

  it("is done by the clock only where the last tick was live and recent", () => {
    const upTo = MINUTE_0_MS;
    const closedBy = (...commands: InstrumentCommand[]) =>
      candlesOf(story(...commands, close(upTo, "clock"))).map(({ data }) => data.cause);
    expect(closedBy(record([tick(-1)]))).to.deep.equal(["clock"]);
    expect(closedBy(record([tick(-40_000)]))).to.deep.equal([]);
    expect(closedBy(record([tick(-1)], { source: "backfill" }))).to.deep.equal([]);
  });
});

describe("late ticks", () => {
  const minuteAndNext = record([tick(-60_000, { price: "10" }), tick(3_000, { price: "20" })]);

  it("of a closed minute revise it, once a command", () => {
    const late = [tick(-59_000, { price: "30" }), tick(-60_000, { price: "5", occurrence: 1 })];
    const events = story(minuteAndNext, record(late), record([tick(-58_000, { price: "7" })]));
    const candles = candlesOf(events).map(({ type, data }) => {
      const { open, high, low, close } = data;
      return [type, data.revision, data.cause, ...[open, high, low, close].map(decimalText)];
    });
    expect(candles).to.deep.equal([
      ["CandleClosed", 0, "tick", "10", "10", "10", "10"],
      ["CandleRevised", 1, "late_tick", "10", "30", "5", "30"],
      ["CandleRevised", 2, "late_tick", "10", "30", "5", "7"],
    ]);
  });

  it("of a minute that had none close it at once", () => {
    const events = story(minuteAndNext, record([tick(-120_000)]));
    const last = candlesOf(events).at(-1);
    expect([last?.type, last?.data.openTimeMs, last?.data.revision]).to.deep.equal([
      "CandleClosed",
      MINUTE_0_MS - 120_000,
      0,
    ]);
  });

  it("of a minute closed by command revise it before event time has passed it", () => {
    const events = story(
      record([tick(-30_000)], { source: "backfill" }),
      close(MINUTE_0_MS),
      record([tick(-20_000)], { source: "backfill" }),
    );
    expect(candlesOf(events).map(({ data }) => data.revision)).to.deep.equal([0, 1]);
  });

  it("older than the state are recorded and their minutes marked stale", () => {
    const events = story(minuteAndNext, record([tick(-DAY_MS - 60_000), tick(-DAY_MS - 61_000)]));
    const last = events.at(-1);
    expect(last?.type === "TicksRecorded" && last.data.staleMinutes).to.deep.equal([
      MINUTE_0_MS - DAY_MS - 120_000,
      MINUTE_0_MS - DAY_MS - 60_000,
    ]);
  });

  it("of the oldest minute of the state still revise", () => {
    const events = story(minuteAndNext, record([tick(-DAY_MS + 3_000)]));
    const last = events.at(-1);
    expect(last?.type).to.equal("CandleClosed");
  });
});

describe("candles of inverse contracts", () => {
  it("count contracts and value them by their size", () => {
    const contractSize = decimal("100");
    const inverse = registered({ kind: "inverse-perpetual", contractSize });
    const ticks = [tick(-60_000, { price: "50000", volume: "3" }), tick(3_000)];
    const events = given(decider, [inverse], CONTEXT).when(record(ticks)).thenAccepted();
    const [candle] = candlesOf(events);
    expect(candle && decimalText(candle.data.volume)).to.equal("3");
    expect(candle && decimalText(candle.data.quoteVolume)).to.equal("300");
    expect(candle && decimalText(candle.data.priceVolume)).to.equal("150000");
  });
});
