import type { TickInput } from "../import/read-ticks.ts";
import { DEMO_INSTRUMENTS, type DemoInstrument, stepsText } from "./instruments.ts";
import { createRandom, type Random } from "./random.ts";

/** One second of the whole market, its ticks in the order of time. */
export interface DemoSecond {
  readonly startMs: number;
  readonly ticks: readonly TickInput[];
}

export interface DemoMarketOptions {
  readonly seed: number;
  /** Where the market begins, epoch ms; also the root of the trade ids. */
  readonly startMs: number;
}

const SECOND_MS = 1_000;
/** How strongly moods (of volatility and of activity) hold from one second to the next. */
const MOOD_PERSISTENCE = 0.994;
const MOOD_NOISE = 0.09;
const MARKET_VOLATILITY_PER_SECOND = 0.00008;
const TREND_SECONDS = { shortest: 120, longest: 1_200 };
/** A trend's drift, at most, as a share of the volatility per second. */
const STEEPEST_TREND = 0.12;
const GAP = { perSecond: 1 / 1_800, shortestSeconds: 70, longestSeconds: 260 };
const SWEEP = { perTrade: 0.004, fewest: 6, most: 60 };
const HALF_SPREAD = 0.00004;

/**
 * A market without end, second after second: prices with trends and clusters of volatility that
 * move together, quiet stretches, and sweeps of many trades within one millisecond. Trade ids rise
 * by one from the start time, so that a later start never uses an id again (fewer than a thousand
 * trades happen in a second). Pure: the same options give the same ticks.
 */
export function* demoMarket({ seed, startMs }: DemoMarketOptions): Generator<DemoSecond> {
  const random = createRandom(seed);
  const books = DEMO_INSTRUMENTS.map((instrument, index) => {
    return createBook(instrument, createRandom(seed * 31 + index), startMs);
  });
  let mood = 0;
  for (let secondMs = startMs; ; secondMs += SECOND_MS) {
    mood = nextMood(mood, random);
    const marketMove = random.normal() * MARKET_VOLATILITY_PER_SECOND * Math.exp(mood);
    const trades = books.flatMap((book) => advance(book, secondMs, { marketMove, mood }));
    trades.sort((one, two) => one.timestamp - two.timestamp);
    yield { startMs: secondMs, ticks: trades };
  }
}

/** What the simulation keeps of one instrument; logarithms are simulated, prices are not money. */
interface Book {
  readonly instrument: DemoInstrument;
  readonly random: Random;
  logPriceSteps: number;
  mood: number;
  driftPerSecond: number;
  trendSecondsLeft: number;
  gapSecondsLeft: number;
  nextTradeId: number;
}

interface Surroundings {
  readonly marketMove: number;
  readonly mood: number;
}

function createBook(instrument: DemoInstrument, random: Random, startMs: number): Book {
  return {
    instrument,
    random,
    logPriceSteps: Math.log(instrument.startPriceSteps),
    mood: 0,
    driftPerSecond: 0,
    trendSecondsLeft: 0,
    gapSecondsLeft: 0,
    nextTradeId: startMs,
  };
}

function nextMood(mood: number, random: Random): number {
  return mood * MOOD_PERSISTENCE + random.normal() * MOOD_NOISE;
}

function advance(book: Book, secondMs: number, surroundings: Surroundings): TickInput[] {
  const { random, instrument } = book;
  book.mood = nextMood(book.mood, random);
  moveTrend(book);
  const heat = Math.exp((book.mood + surroundings.mood) / 2);
  const ownMove = random.normal() * instrument.volatilityPerSecond * heat;
  book.logPriceSteps +=
    book.driftPerSecond + ownMove + surroundings.marketMove * instrument.marketShare;
  if (isInGap(book)) return [];
  const count = random.poisson(instrument.tradesPerSecond * heat);
  const offsetsMs = Array.from({ length: count }, () => random.integer(0, SECOND_MS - 1));
  offsetsMs.sort((one, two) => one - two);
  return offsetsMs.flatMap((offsetMs) => tradesAt(book, secondMs + offsetMs));
}

function moveTrend(book: Book): void {
  book.trendSecondsLeft -= 1;
  if (book.trendSecondsLeft > 0) return;
  const { random, instrument } = book;
  book.trendSecondsLeft = random.integer(TREND_SECONDS.shortest, TREND_SECONDS.longest);
  const steepness = (random.uniform() * 2 - 1) * STEEPEST_TREND;
  book.driftPerSecond = steepness * instrument.volatilityPerSecond;
}

function isInGap(book: Book): boolean {
  const { random } = book;
  book.gapSecondsLeft -= 1;
  if (book.gapSecondsLeft > 0) return true;
  if (random.chance(GAP.perSecond)) {
    book.gapSecondsLeft = random.integer(GAP.shortestSeconds, GAP.longestSeconds);
  }
  return false;
}

/** One trade, or a sweep: an order that eats through the book within one millisecond. */
function tradesAt(book: Book, timestamp: number): TickInput[] {
  const { random } = book;
  const side = random.chance(0.5) ? "buy" : "sell";
  const count = random.chance(SWEEP.perTrade) ? random.integer(SWEEP.fewest, SWEEP.most) : 1;
  const direction = side === "buy" ? 1 : -1;
  return Array.from({ length: count }, (_, depth) => {
    const away = direction * HALF_SPREAD * (1 + depth / 10);
    return tick(book, { timestamp, side, priceSteps: Math.exp(book.logPriceSteps + away) });
  });
}

interface Trade {
  readonly timestamp: number;
  readonly side: "buy" | "sell";
  readonly priceSteps: number;
}

function tick(book: Book, { timestamp, side, priceSteps }: Trade): TickInput {
  const { instrument, random } = book;
  const quantitySteps = instrument.usualQuantitySteps * Math.exp(random.normal() * 1.3);
  const tradeId = String(book.nextTradeId);
  book.nextTradeId += 1;
  return {
    exchange: instrument.exchange,
    symbol: instrument.symbol,
    price: stepsText(Math.max(1, Math.round(priceSteps)), instrument.priceDecimals),
    volume: stepsText(Math.max(1, Math.round(quantitySteps)), instrument.quantityDecimals),
    timestamp,
    tradeId,
    side,
  };
}
