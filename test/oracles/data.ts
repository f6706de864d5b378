import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BigNumber } from "bignumber.js";
import { guessInstrument } from "../../cli/import/guess-instrument.ts";
import { topics } from "../../kafka-topics/topics.ts";
import { decimal, decimalText } from "../../platform/kernel/decimal.ts";
import { type LogPlace, openLogReading } from "../../platform/log/places.ts";
import { sampleRows } from "../sample-data.ts";

const PROJECTED_WITHIN_MILLISECONDS = 120_000;
const LOOK_EVERY_MILLISECONDS = 50;
const LONGEST_PAGE = 500;

export type Row = Readonly<Record<string, string>>;

/** A file of expected candles, and how they are asked for. */
export interface CandleReference {
  readonly interval: "1s" | "1m" | "1d";
  readonly widthMs: number;
  readonly file: string;
  /** Without trade ids a shuffled file cannot tell which of a time's trades opens or closes. */
  readonly hasIds: boolean;
}

const SPOT = "binance-spot_btcusdt-ethusdt_2024-08-08.csv.gz";
const USDM = "binance-usdm_btcusdt-ethusdt_2024-08-08.csv.gz";
const KRAKEN = "kraken_btcusd_2019-07-01.csv.gz";
const BITSTAMP = "bitstamp_btcusd_2011-09_2012-05.csv.gz";

export const REFERENCES: readonly CandleReference[] = [
  { interval: "1m", widthMs: 60_000, file: SPOT, hasIds: true },
  { interval: "1m", widthMs: 60_000, file: USDM, hasIds: true },
  { interval: "1m", widthMs: 60_000, file: KRAKEN, hasIds: false },
  { interval: "1s", widthMs: 1_000, file: SPOT, hasIds: true },
  { interval: "1d", widthMs: 86_400_000, file: BITSTAMP, hasIds: false },
];

export function tickFiles(folder: string): readonly string[] {
  return readdirSync(join(folder, "ticks")).sort();
}

export function instrumentOf({ exchange = "", symbol = "" }: Row): string {
  const guess = guessInstrument(exchange, symbol);
  if (guess === null) throw new Error(`${exchange} ${symbol} names no instrument`);
  return guess.id;
}

/** A tick as text, the same for a row of a file and for an answer of the platform. */
export function tickText(tick: {
  readonly timestamp: string | number;
  readonly price: string;
  readonly volume: string;
  readonly side: string;
  readonly tradeId: string | null;
}): string {
  const { timestamp, price, volume, side, tradeId } = tick;
  const [exactPrice, exactVolume] = [price, volume].map((text) => decimalText(decimal(text)));
  return [timestamp, exactPrice, exactVolume, side || "unknown", tradeId ?? ""].join(" ");
}

/** The ticks of all files by instrument, as sorted texts. */
export function ticksByInstrument(folder: string): ReadonlyMap<string, readonly string[]> {
  const ticks = new Map<string, string[]>();
  for (const file of tickFiles(folder)) {
    for (const row of sampleRows(folder, `ticks/${file}`)) {
      const id = instrumentOf(row);
      const { timestamp = "", price = "", volume = "", side = "", trade_id: tradeId = "" } = row;
      const text = tickText({ timestamp, price, volume, side, tradeId });
      pushTo(ticks, id, text);
    }
  }
  return sortedValues(ticks);
}

export function pushTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

export function sortedValues(
  lists: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const keys = [...lists.keys()].sort();
  return new Map(keys.map((key) => [key, (lists.get(key) ?? []).toSorted()]));
}

const PLAIN_FIELDS = ["open", "high", "low", "close", "volume", "quote_volume"] as const;
/** The reference rounds half-even to so many places. */
const VWAP_PLACES = 12;

/** A reference's candles by instrument, each as a line of figures. */
export function referenceCandles(
  folder: string,
  { interval, file }: CandleReference,
): ReadonlyMap<string, readonly Row[]> {
  const candles = new Map<string, Row[]>();
  for (const row of sampleRows(folder, `reference/ohlcv-${interval}_${file}`)) {
    const id = instrumentOf(row);
    const figures = [...PLAIN_FIELDS, "timestamp", "trades", "buy_volume", "vwap"] as const;
    const kept = Object.fromEntries(figures.map((name) => [name, row[name] ?? ""]));
    pushTo(candles, id, kept);
  }
  return candles;
}

interface CandleAnswer {
  readonly openTime: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly buyVolume: string;
  readonly vwap: string | null;
  readonly trades: number;
  readonly complete: boolean;
}

/** The platform's candles over the time of `expected`, in the reference's words. */
export async function answeredCandles(
  url: string,
  id: string,
  {
    interval,
    widthMs,
    expected,
  }: Pick<CandleReference, "interval" | "widthMs"> & {
    readonly expected: readonly Row[];
  },
): Promise<readonly Row[]> {
  const times = expected.map(({ timestamp }) => Number(timestamp));
  const range = `from=${Math.min(...times)}&to=${Math.max(...times) + widthMs}`;
  const path = `/v1/instruments/${id}/candles?interval=${interval}&${range}`;
  const candles = (await pagesOf(url, path)) as readonly CandleAnswer[];
  return candles.map((candle, index) => {
    // The bucket of the file's last tick may go on.
    const isRunning = !candle.complete && index < candles.length - 1;
    if (isRunning) throw new Error(`${id} ${candle.openTime} is not complete`);
    return {
      open: candle.open,
      high: candle.high,
      low: candle.low,
      close: candle.close,
      volume: candle.volume,
      quote_volume: candle.quoteVolume,
      timestamp: String(Date.parse(candle.openTime)),
      trades: String(candle.trades),
      buy_volume: candle.buyVolume,
      vwap: decimal(candle.vwap ?? "0").toFixed(VWAP_PLACES, BigNumber.ROUND_HALF_EVEN),
    };
  });
}

/** All rows of a paged query. */
export async function pagesOf(url: string, path: string): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  const first = `${path}${path.includes("?") ? "&" : "?"}limit=${LONGEST_PAGE}`;
  for (let next: string | undefined = first; next !== undefined; ) {
    const { data, nextCursor } = await answerOf(url, next);
    rows.push(...(data as unknown[]));
    next = nextCursor && `${first}&cursor=${nextCursor}`;
  }
  return rows;
}

interface QueryAnswer {
  readonly data: unknown;
  readonly nextCursor?: string;
}

export async function answerOf(url: string, path: string): Promise<QueryAnswer> {
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`GET ${path}: ${await response.text()}`);
  return (await response.json()) as QueryAnswer;
}

interface ProjectionAnswer {
  readonly generations: readonly { readonly phase: string; readonly gapEvents: number | null }[];
}

/** Until every live generation has passed the whole log. */
export async function untilProjected(url: string): Promise<void> {
  const deadline = performance.now() + PROJECTED_WITHIN_MILLISECONDS;
  for (;;) {
    const projections = (await answerOf(url, "/v1/projections")).data as ProjectionAnswer[];
    const isCurrent = projections.every(({ generations }) => {
      return generations.some(({ phase, gapEvents }) => phase === "live" && gapEvents === 0);
    });
    if (isCurrent) return;
    if (performance.now() > deadline) throw new Error("the projections do not catch up");
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}

/** Where a suite has its platform: variables of its processes, and where their log is. */
export interface PlatformUnderTest {
  readonly title: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (folder: string) => LogPlace;
}

export const EMBEDDED: PlatformUnderTest = {
  title: "embedded",
  environment: {},
  log: (folder) => ({ folder, kafka: null }),
};

/** The next position of every partition of a log. */
export async function logEnds(place: LogPlace): Promise<Readonly<Record<string, number>>> {
  const { log, close } = await openLogReading(place);
  try {
    const ends: Record<string, number> = {};
    for (const { topic } of topics) {
      for (const [partition, end] of (await log.ends(topic)).entries()) {
        ends[`${topic}/${partition}`] = end;
      }
    }
    return ends;
  } finally {
    await close();
  }
}
