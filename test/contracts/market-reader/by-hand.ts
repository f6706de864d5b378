import { expect } from "chai";
import { createRandom } from "../../../cli/demo/random.ts";
import type { TickData } from "../../../command-side/contexts/market-data/instrument/commands.ts";
import { decimal, decimalText, ZERO } from "../../../platform/kernel/decimal.ts";
import {
  type Candle,
  type Tick as FoldedTick,
  foldTicks,
} from "../../../platform/market/candle.ts";
import { bucketEnd, type Interval } from "../../../platform/market/interval.ts";
import { compareTicks } from "../../../platform/market/tick-order.ts";
import type {
  CandleRow,
  CandlesRequest,
  Tick,
  TickPlace,
} from "../../../projections/ticks-and-candles/store.ts";
import { allPages } from "../reader-harness.ts";
import { EVER, Feed, type Harness, ID, MINUTE_MS, NOW_MS, T0, tick } from "./feed.ts";

export async function allPagesOfCandles(model: Harness, interval: Interval): Promise<CandleRow[]> {
  const all: CandleRow[] = [];
  let fromMs: number | null = 0;
  while (fromMs !== null) {
    const request: CandlesRequest = {
      interval,
      fromMs,
      toMs: null,
      limit: 300,
      fill: "none",
      nowMs: NOW_MS,
    };
    const page = await model.ask((reader) => reader.candles(ID, request));
    all.push(...page.candles);
    fromMs = page.nextFromMs;
  }
  return all;
}

const INTERVALS: readonly Interval[] = ["1s", "15s", "1m", "5m", "1h", "1d", "1w", "1M"];

/** Ticks of some hours, shuffled, some of them days late; then every query against all ticks. */
export async function compareWithHand(model: Harness, sample: number): Promise<void> {
  const random = createRandom(sample);
  const spans = [20_000, 20 * MINUTE_MS, 3 * 24 * 60 * MINUTE_MS];
  const spanMs = spans[random.integer(0, spans.length - 1)] as number;
  const ticks = Array.from({ length: random.integer(1, 120) }, (_, i): TickData => {
    const price = `${random.integer(90, 110)}.${random.integer(0, 99)}`;
    const volume = `0.${random.integer(0, 999_999)}`;
    const side = random.chance(0.5) ? "buy" : "sell";
    return tick(random.integer(0, spanMs), price, { of: volume, side, occurrence: i });
  });
  const feed = await new Feed(model).register();
  await feed.decide({ type: "DeclareBackfillRange", data: { from: T0, to: T0 + 10 * spanMs } });
  const askedBefore = random.integer(0, ticks.length);
  await feed.ticks(ticks.slice(0, askedBefore), random.integer(1, 50));
  await allPagesOfCandles(model, "1s");
  await feed.ticks(ticks.slice(askedBefore), random.integer(1, 50));
  if (random.chance(0.5)) await feed.close(T0 + random.integer(0, spanMs));
  const stored = await storedTicks(model);
  expect(stored).to.have.length(ticks.length);
  for (const interval of INTERVALS) {
    const expected = foldTicks(stored, { interval, contractSize: null }).map(figuresOf);
    const found = (await allPagesOfCandles(model, interval)).map(figuresOfRow);
    expect(found, interval).to.deep.equal(expected);
  }
  const { live, rebuilt } = await model.digests(random.integer(1, 20));
  expect(rebuilt).to.deep.equal(live);
  for (let i = 0; i < 10; i += 1) {
    const fromMs = T0 + random.integer(-MINUTE_MS, spanMs);
    const toMs = fromMs + random.integer(1, random.chance(0.5) ? 90_000 : spanMs);
    const inside = stored.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
    const answer = await model.ask((reader) => reader.vwap(ID, { fromMs, toMs }));
    const volume = inside.reduce((sum, one) => sum.plus(one.volume), ZERO);
    expect([answer.volume, answer.trades]).to.deep.equal([decimalText(volume), inside.length]);
    const [whole] = foldTicks(inside, { interval: "1M", contractSize: null });
    const isInOneMonth = bucketEnd(fromMs, "1M") >= toMs;
    if (isInOneMonth) expect(answer.vwap).to.equal(whole?.vwap ? decimalText(whole.vwap) : null);
  }
}

/** Every tick as the read model has it, in tick order. */
async function storedTicks(model: Harness): Promise<FoldedTick[]> {
  const all = await allPages<Tick, TickPlace>(500, (page) => {
    return model.ask((reader) => reader.ticks(ID, EVER, page));
  });
  const ticks = all.map(({ timeMs, ordinal, price, volume, side }): FoldedTick => {
    const exact = { price: decimal(price), volume: decimal(volume) };
    return { timeMs, ordinal, tradeId: null, ...exact, side: side === "buy" ? "buy" : "sell" };
  });
  expect(ticks).to.deep.equal(ticks.toSorted(compareTicks));
  return ticks;
}

function figuresOf(candle: Candle): string {
  const { openTimeMs, open, high, low, close: last, volume, quoteVolume, buyVolume } = candle;
  const texts = [open, high, low, last, volume, quoteVolume, buyVolume].map(decimalText);
  return [
    openTimeMs,
    ...texts,
    candle.vwap ? decimalText(candle.vwap) : null,
    candle.trades,
  ].join();
}

function figuresOfRow(row: CandleRow): string {
  const { openTimeMs, open, high, low, close: last, volume, quoteVolume, buyVolume } = row;
  const texts = [open, high, low, last, volume, quoteVolume, buyVolume];
  return [openTimeMs, ...texts, row.vwap, row.trades].join();
}
