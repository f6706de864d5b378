import { expect } from "chai";
import fc from "fast-check";
import { decimal } from "../../../../platform/kernel/decimal.ts";
import { type Candle, combineCandles, foldTicks } from "../../../../platform/market/candle.ts";
import { readable } from "../../../../test/given.ts";
import type { InstrumentCommand, TickData } from "./commands.ts";
import { decider } from "./decide.ts";
import type { InstrumentEvent } from "./events.ts";
import {
  CONTEXT,
  candlesOf,
  close,
  NOW_MS,
  record,
  registered,
  tick,
  ticksOf,
} from "./instrument.fixture.ts";
import type { InstrumentState } from "./state.ts";

const MINUTE_MS = 60_000;
/** The story lasts some minutes and is long over by the clock. */
const START_MS = -3_600_000;

interface Story {
  readonly state: InstrumentState;
  readonly events: readonly InstrumentEvent[];
}

function play(commands: readonly InstrumentCommand[]): Story {
  const events: InstrumentEvent[] = [registered()];
  let state = decider.evolve(decider.initialState(), registered());
  for (const command of commands) {
    const decision = decider.decide(state, command, CONTEXT);
    if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
    for (const event of decision.events) state = decider.evolve(state, event);
    events.push(...decision.events);
  }
  return { state, events };
}

/** The last word on every minute, without what tells how often it was revised. */
function finalCandles({ events }: Story): unknown {
  const byMinute = new Map<number, Candle>();
  for (const { data } of candlesOf(events)) {
    const { revision: _, watermarkMs: __, cause: ___, ...figures } = data;
    byMinute.set(data.openTimeMs, figures);
  }
  return readable([...byMinute.values()].sort((a, b) => a.openTimeMs - b.openTimeMs));
}

const price = fc.integer({ min: 1, max: 99_999 }).map((cents) => `${cents / 100}`);
const volume = fc.integer({ min: 0, max: 5_000 }).map((units) => `${units / 1_000}`);
const side = fc.constantFrom("buy", "sell", "unknown");
const gapMs = fc.oneof(fc.constant(0), fc.nat({ max: 700 }), fc.nat({ max: 40_000 }));

/** Trades in the order of time, with ids that rise. */
const trades: fc.Arbitrary<readonly TickData[]> = fc
  .array(fc.record({ price, volume, side, gapMs }), { minLength: 1, maxLength: 80 })
  .map((drawn) => {
    let offsetMs = START_MS;
    return drawn.map(({ gapMs: gap, ...texts }, index) => {
      offsetMs += gap;
      return tick(offsetMs, { ...texts, tradeId: 1_000 + index });
    });
  });

const jitterMs = fc.array(fc.nat({ max: 1_999 }), { minLength: 80, maxLength: 80 });
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 80, maxLength: 80 });

/** As they may arrive: none more than the lateness behind a later one. */
function jumbled(ticks: readonly TickData[], delaysMs: readonly number[]): TickData[] {
  return ticks
    .map((one, index) => ({ one, arrivalMs: one.timeMs + (delaysMs[index] ?? 0) }))
    .sort((a, b) => a.arrivalMs - b.arrivalMs)
    .map(({ one }) => one);
}

function batches(ticks: readonly TickData[], lengths: readonly number[]): InstrumentCommand[] {
  const commands: InstrumentCommand[] = [];
  let at = 0;
  for (const length of lengths) {
    const part = ticks.slice(at, at + length);
    if (part.length > 0) commands.push(record(part, { source: "backfill" }));
    at += length;
  }
  return [...commands, close(NOW_MS)];
}

describe("candles of an instrument, for any trades", () => {
  it("are the same whichever way ticks arrive within the lateness, and in whatever batches", () => {
    fc.assert(
      fc.property(trades, jitterMs, sizes, (ticks, delaysMs, lengths) => {
        const inOrder = play(batches(ticks, [ticks.length]));
        const arrived = play(batches(jumbled(ticks, delaysMs), lengths));
        expect(finalCandles(arrived)).to.deep.equal(finalCandles(inOrder));
        const revised = candlesOf(arrived.events).filter(({ type }) => type === "CandleRevised");
        expect(revised).to.deep.equal([]);
      }),
    );
  });

  it("end the same however late ticks are, by revisions", () => {
    const anyOrder = trades.chain((ticks) => {
      const order = fc.shuffledSubarray([...ticks], { minLength: ticks.length });
      return fc.tuple(fc.constant(ticks), order);
    });
    fc.assert(
      fc.property(anyOrder, sizes, ([ticks, shuffled], lengths) => {
        const inOrder = play(batches(ticks, [ticks.length]));
        expect(finalCandles(play(batches(shuffled, lengths)))).to.deep.equal(finalCandles(inOrder));
      }),
    );
  });

  it("hold every tick once: sums are the ticks' sums, whatever is sent twice", () => {
    fc.assert(
      fc.property(trades, jitterMs, sizes, (ticks, delaysMs, lengths) => {
        const commands = batches(jumbled(ticks, delaysMs), lengths);
        const { events } = play([...commands, ...commands, ...batches(ticks, lengths)]);
        expect(ticksOf(events)).to.have.length(ticks.length);
        const candles = candlesOf(events).map(({ data }) => data);
        const sum = ticks.reduce((total, one) => total.plus(one.volume), decimal("0"));
        const counted = candles.reduce((total, one) => total.plus(one.volume), decimal("0"));
        expect(counted.eq(sum)).to.equal(true);
        expect(candles.reduce((total, one) => total + one.trades, 0)).to.equal(ticks.length);
      }),
    );
  });

  it("keep low ≤ open, close, vwap ≤ high", () => {
    fc.assert(
      fc.property(trades, (ticks) => {
        for (const { data } of candlesOf(play(batches(ticks, [ticks.length])).events)) {
          const { low, high, open, close: last, vwap } = data;
          for (const figure of [open, last, vwap ?? low]) {
            expect(low.lte(figure) && figure.lte(high)).to.equal(true);
          }
        }
      }),
    );
  });

  it("are what the query folds from the recorded ticks", () => {
    fc.assert(
      fc.property(trades, jitterMs, sizes, (ticks, delaysMs, lengths) => {
        const story = play(batches(jumbled(ticks, delaysMs), lengths));
        const folded = foldTicks(ticksOf(story.events), { interval: "1m", contractSize: null });
        expect(finalCandles(story)).to.deep.equal(readable(folded));
        const whole = combineCandles(START_MS, folded);
        expect(whole.trades).to.equal(ticks.length);
      }),
    );
  });
});

describe("an instrument that is started again", () => {
  it("goes on from its events as if it had never stopped", () => {
    fc.assert(
      fc.property(trades, jitterMs, sizes, (ticks, delaysMs, lengths) => {
        const commands = batches(jumbled(ticks, delaysMs), lengths);
        const half = commands.slice(0, Math.ceil(commands.length / 2));
        const live = play(half);
        const folded = live.events.reduce<InstrumentState>(
          (state, event) => decider.evolve(state, event),
          decider.initialState(),
        );
        const next = [...half.slice(-1), ...commands.slice(half.length), record([tick(-1)])];
        for (const command of next) {
          const [one, other] = [live.state, folded].map((state) => {
            const decision = decider.decide(state, command, CONTEXT);
            if (decision.outcome === "accepted") {
              for (const event of decision.events) decider.evolve(state, event);
            }
            return readable(decision);
          });
          expect(other).to.deep.equal(one);
        }
      }),
    );
  });

  it("has forgotten candles older than a day", () => {
    const minutes = Array.from({ length: 3_000 }, (_, n) =>
      tick((n - 3_000) * MINUTE_MS, { tradeId: n }),
    );
    const commands = Array.from({ length: 6 }, (_, n) =>
      record(minutes.slice(n * 500, n * 500 + 500)),
    );
    const { state } = play(commands);
    if (state.status !== "registered") throw new Error("not registered");
    expect(state.ticks.minutes.size).to.be.within(1_440, 1_442);
    expect(state.ticks.openMinutes.size).to.be.at.most(2);
  });
});
