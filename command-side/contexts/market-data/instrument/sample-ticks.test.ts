import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BigNumber } from "bignumber.js";
import { expect } from "chai";
import { decimal, decimalText } from "../../../../platform/kernel/decimal.ts";
import { type Candle, foldTicks, mergeCandles } from "../../../../platform/market/candle.ts";
import { bucketStart, type Interval } from "../../../../platform/market/interval.ts";
import { isLate } from "../../../../platform/market/tick-order.ts";
import { TEST_CONTEXT } from "../../../../test/given.ts";
import { describeWithSampleData, sampleRows } from "../../../../test/sample-data.ts";
import { Occurrences } from "../occurrences.ts";
import { tickInput } from "../tick-input.ts";
import type { TickData } from "./commands.ts";
import { decider } from "./decide.ts";
import type { InstrumentEvent } from "./events.ts";
import { candlesOf, close, record, registered, ticksOf } from "./instrument.fixture.ts";
import { parseTicksAnswer } from "./record-ticks.ts";

const NOW_MS = Date.parse("2026-11-20T00:00:00Z");
const CONTEXT = { ...TEST_CONTEXT, nowMs: NOW_MS, aggregateId: "any:BTC-USD" };
const TICKS_PER_COMMAND = 250;
const LATENESS_MS = 2_000;
const SEED = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);

/** The ticks of one file by exchange and symbol, in the file's order. */
type Streams = ReadonlyMap<string, readonly TickData[]>;

function streamsOf(folder: string, path: string): Streams {
  const occurrences = new Occurrences();
  const streams = new Map<string, TickData[]>();
  for (const row of sampleRows(folder, path)) {
    const { exchange, symbol, price, volume, timestamp, trade_id: tradeId, side } = row;
    const raw = { exchange, symbol, price, volume, timestamp: Number(timestamp) };
    const input = tickInput.parse({ ...raw, tradeId: tradeId || null, side: side || null });
    const key = `${exchange},${symbol}`;
    const ticks = streams.get(key) ?? [];
    streams.set(key, ticks);
    const occurrence = input.tradeId === null ? occurrences.next(key, input) : 0;
    ticks.push({
      timeMs: input.timestamp,
      price: input.price,
      volume: input.volume,
      side: input.side ?? "unknown",
      tradeId: input.tradeId,
      occurrence,
    });
  }
  return streams;
}

interface Imported {
  readonly events: readonly InstrumentEvent[];
  readonly counts: { accepted: number; duplicates: number; others: number };
}

/** Imports each of `passes` in turn into one instrument, closing its candles after each. */
function importInto(
  passes: readonly (readonly TickData[])[],
  ticksPerCommand = TICKS_PER_COMMAND,
): Imported {
  const events: InstrumentEvent[] = [];
  const counts = { accepted: 0, duplicates: 0, others: 0 };
  let state = decider.evolve(decider.initialState(), registered());
  const decide = (command: Parameters<typeof decider.decide>[1]) => {
    const decision = decider.decide(state, command, CONTEXT);
    if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
    for (const event of decision.events) state = decider.evolve(state, event);
    events.push(...decision.events);
    return decision.answer ?? null;
  };
  for (const ticks of passes) {
    for (let at = 0; at < ticks.length; at += ticksPerCommand) {
      const part = ticks.slice(at, at + ticksPerCommand);
      const answer = parseTicksAnswer(decide(record(part, { source: "backfill" })));
      counts.accepted += answer.accepted;
      counts.duplicates += answer.duplicates;
      counts.others += answer.beyondHorizon + answer.future.length + answer.absurd.length;
    }
    decide(close(NOW_MS));
  }
  return { events, counts };
}

/** The minutes as decided, the last revision of each. */
function decidedMinutes(events: readonly InstrumentEvent[]): Candle[] {
  const minutes = new Map(candlesOf(events).map(({ data }) => [data.openTimeMs, data]));
  return [...minutes.values()].sort((a, b) => a.openTimeMs - b.openTimeMs);
}

function candlesIn(interval: Interval, events: readonly InstrumentEvent[]): Candle[] {
  if (interval === "1s") return foldTicks(ticksOf(events), { interval, contractSize: null });
  return mergeCandles(decidedMinutes(events), interval);
}

const FIELDS = "open high low close volume quote_volume trades buy_volume vwap".split(" ");

/** A candle as a line of the reference; `vwap` has 12 places there, trailing zeros included. */
function referenceLine(key: string, candle: Candle): string {
  const { open, high, low, close: last, volume, quoteVolume, buyVolume } = candle;
  const vwap = (candle.vwap ?? decimal("0")).toFixed(12, BigNumber.ROUND_HALF_EVEN);
  const [o, h, l, c, v, q, b] = [open, high, low, last, volume, quoteVolume, buyVolume].map(
    decimalText,
  );
  return [key, candle.openTimeMs, o, h, l, c, v, q, candle.trades, b, vwap].join(",");
}

function referenceLines(folder: string, path: string, key: string): string[] {
  return sampleRows(folder, path)
    .filter((row) => `${row["exchange"]},${row["symbol"]}` === key)
    .map((row) => [key, row["timestamp"], ...FIELDS.map((field) => row[field])].join(","));
}

const SPOT = "binance-spot_btcusdt-ethusdt_2024-08-08.csv.gz";
const USDM = "binance-usdm_btcusdt-ethusdt_2024-08-08.csv.gz";
const KRAKEN = "kraken_btcusd_2019-07-01.csv.gz";
const BITSTAMP = "bitstamp_btcusd_2011-09_2012-05.csv.gz";

const REFERENCES = [
  { interval: "1m", file: SPOT, hasIds: true },
  { interval: "1m", file: USDM, hasIds: true },
  { interval: "1m", file: KRAKEN, hasIds: false },
  { interval: "1s", file: SPOT, hasIds: true },
  { interval: "1d", file: BITSTAMP, hasIds: false },
] as const;

const TICKS_IN_ALL_FILES = 102_461;
/** Ticks that come after a later one of their instrument, when each comes alone. */
const LATE_TICKS_IN_ALL_FILES = 1_999;

describeWithSampleData("the sample ticks", (folder) => {
  const files = folder === "" ? [] : readdirSync(join(folder, "ticks")).sort();

  it("are all recorded, once, and a second time all are duplicates", () => {
    let accepted = 0;
    for (const file of files) {
      for (const [key, ticks] of streamsOf(folder, `ticks/${file}`)) {
        const { counts } = importInto([ticks, ticks]);
        const expected = { accepted: ticks.length, duplicates: ticks.length, others: 0 };
        expect(counts, `${file} ${key}`).to.deep.equal(expected);
        accepted += counts.accepted;
      }
    }
    expect(files).to.have.length(9);
    expect(accepted).to.equal(TICKS_IN_ALL_FILES);
  });

  it("get times of their own, those that come late numbered apart", () => {
    let late = 0;
    for (const file of files) {
      for (const [key, ticks] of streamsOf(folder, `ticks/${file}`)) {
        const recorded = ticksOf(importInto([ticks], 1).events);
        const times = new Set(recorded.map(({ timeMs, ordinal }) => `${timeMs} ${ordinal}`));
        expect(times.size, `${file} ${key}`).to.equal(ticks.length);
        late += recorded.filter(({ ordinal }) => isLate(ordinal)).length;
      }
    }
    expect(late).to.equal(LATE_TICKS_IN_ALL_FILES);
  });

  for (const { interval, file, hasIds } of REFERENCES) {
    describe(`${file} as ${interval} candles`, () => {
      const reference = `reference/ohlcv-${interval}_${file}`;

      it("equals the reference in every field to the last digit, also imported twice", () => {
        for (const [key, ticks] of streamsOf(folder, `ticks/${file}`)) {
          const { events } = importInto([ticks, ticks]);
          const candles = candlesIn(interval, events);
          const lines = candles.map((candle) => referenceLine(key, candle));
          expect(lines).to.deep.equal(referenceLines(folder, reference, key));
        }
      });

      it(`equals it when shuffled within the lateness (seed ${SEED})`, () => {
        for (const [key, ticks] of streamsOf(folder, `ticks/${file}`)) {
          const { events } = importInto([shuffledWithinLateness(ticks, SEED)]);
          const candles = candlesIn(interval, events);
          const expected = referenceLines(folder, reference, key);
          const compared = hasIds ? (line: string) => line : withoutOpenAndClose;
          const lines = candles.map((candle) => referenceLine(key, candle));
          expect(lines.map(compared)).to.deep.equal(expected.map(compared));
          for (const candle of candles) expectTradesOfTheEnds(candle, interval, ticks);
        }
      });
    });
  }
});

/** By time plus a delay below the lateness; the delays come from a seeded generator. */
function shuffledWithinLateness(ticks: readonly TickData[], seed: number): TickData[] {
  let state = seed;
  const delayMs = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % LATENESS_MS;
  };
  return ticks
    .map((one) => ({ one, arrivalMs: one.timeMs + delayMs() }))
    .sort((a, b) => a.arrivalMs - b.arrivalMs)
    .map(({ one }) => one);
}

function withoutOpenAndClose(line: string): string {
  const fields = line.split(",");
  return [...fields.slice(0, 3), ...fields.slice(4, 6), ...fields.slice(7)].join(",");
}

/** Open and close are prices of trades at the first and the last time, whatever arrived first. */
function expectTradesOfTheEnds(
  candle: Candle,
  interval: Interval,
  ticks: readonly TickData[],
): void {
  const inside = ticks.filter((one) => bucketStart(one.timeMs, interval) === candle.openTimeMs);
  const ends = inside.reduce(
    ({ firstMs, lastMs }, { timeMs }) => {
      return { firstMs: Math.min(firstMs, timeMs), lastMs: Math.max(lastMs, timeMs) };
    },
    { firstMs: Number.POSITIVE_INFINITY, lastMs: 0 },
  );
  const pricesAt = (timeMs: number) =>
    inside.filter((one) => one.timeMs === timeMs).map((one) => decimalText(one.price));
  expect(pricesAt(ends.firstMs)).to.include(decimalText(candle.open));
  expect(pricesAt(ends.lastMs)).to.include(decimalText(candle.close));
}
