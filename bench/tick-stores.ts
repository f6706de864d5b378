/**
 * Ticks a second into each read store, the same events in the same run: projected, compacted and
 * applied with the checkpoint. `npm run bench:ticks`; InfluxDB needs CH_INFLUX_URL.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../cli/demo/random.ts";
import type { RecordedEvent } from "../platform/codec/envelope.ts";
import { decimal } from "../platform/kernel/decimal.ts";
import type { PartitionKey } from "../platform/log/log.ts";
import { compact, type EventChanges } from "../projections/runner/compact.ts";
import { InfluxClient } from "../projections/runner/influx-client.ts";
import { InfluxReadStore } from "../projections/runner/influx-store.ts";
import { generationSchema } from "../projections/runner/postgres-schema.ts";
import type { ReadStore } from "../projections/runner/read-store.ts";
import { recorded } from "../projections/runner/recorded.fixture.ts";
import { SqliteReadStore } from "../projections/runner/sqlite-store.ts";
import { shapes } from "../projections/ticks-and-candles/influx-shapes.ts";
import { ticksAndCandles as projection } from "../projections/ticks-and-candles/projection.ts";
import { indexes } from "../projections/ticks-and-candles/sqlite.ts";
import type { MarketDataEvent, MarketTick } from "../schemas/generated/market-data.ts";

const SEED = 1;
const TICKS = 800_000;
const TICKS_PER_EVENT = 100;
const INSTRUMENTS_PER_PARTITION = 5;
const FIRST_MS = Date.parse("2024-08-08T00:00:00Z");
const LONGEST_MS_BETWEEN_TICKS = 60;
const LOG_ID = "0192aa00-0000-7000-8000-000000000001";
const EVENTS_PER_BATCH = [10, 50, 200];
const PARTITIONS = [1, 4];

interface Measured {
  readonly store: ReadStore;
  /** On the disk, as far as the store has put things together by now. */
  bytes(): Promise<number>;
}

const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-bench-"));
const url = process.env["CH_INFLUX_URL"];
let builds = 0;
const stores: Readonly<Record<string, () => Measured>> = {
  SQLite: openSqlite,
  ...(url === undefined ? {} : { InfluxDB: () => openInflux(url) }),
};

try {
  say(`${TICKS} ticks, ${TICKS_PER_EVENT} an event, seed ${SEED}`);
  for (const [name, open] of Object.entries(stores)) {
    for (const partitions of PARTITIONS) {
      const events = Array.from({ length: partitions }, (_, i) => eventsOf(i, TICKS / partitions));
      for (const size of EVENTS_PER_BATCH) {
        const figure = await measured(open(), events, size);
        say(`${name.padEnd(8)} ${partitions} partitions, batches of ${size} events ${figure}`);
      }
    }
  }
  if (url === undefined) say("!!!!! InfluxDB was left out: CH_INFLUX_URL is not set !!!!!");
} finally {
  rmSync(folder, { recursive: true });
}

function openSqlite(): Measured {
  const file = join(folder, `${builds}.db`);
  const store = new SqliteReadStore({ file, projection, indexes });
  return { store, bytes: async () => statSync(file).size };
}

function openInflux(address: string): Measured {
  const database = generationSchema(`bench-${process.pid}`, builds);
  const store = new InfluxReadStore({ url: address, database, projection, shapes });
  return { store, bytes: () => bytesOf(address, database) };
}

async function bytesOf(address: string, database: string): Promise<number> {
  const client = new InfluxClient({ url: address, connections: 1 });
  const shards = await client.command("SHOW STATS FOR 'shard'");
  client.close();
  const mine = shards.filter(({ tags }) => tags?.["database"] === database);
  return mine.reduce((sum, { columns, values }) => {
    return sum + Number(values[0]?.[columns.indexOf("diskBytes")] ?? 0);
  }, 0);
}

async function measured(
  { store, bytes }: Measured,
  partitions: readonly (readonly EventChanges[])[],
  batch: number,
): Promise<string> {
  builds += 1;
  await store.create();
  const started = performance.now();
  await Promise.all(partitions.map((events, i) => feed(store, i, { events, batch })));
  const seconds = (performance.now() - started) / 1_000;
  const each = (await bytes()) / TICKS;
  await store.drop();
  await store.close();
  const rate = Math.round(TICKS / seconds).toLocaleString("en");
  return `${rate.padStart(8)} ticks/s, ${each.toFixed(1)} bytes a tick`;
}

async function feed(
  store: ReadStore,
  number: number,
  { events, batch }: { readonly events: readonly EventChanges[]; readonly batch: number },
): Promise<void> {
  const partition: PartitionKey = `market.events/${number}`;
  const { epoch } = await store.take(partition, LOG_ID);
  for (let expected = 0; expected < events.length; expected += batch) {
    const piece = events.slice(expected, expected + batch);
    const outcome = await store.apply({
      partition,
      expected,
      next: expected + piece.length,
      epoch,
      highestClaim: -1,
      recordedAtMs: 0,
      changes: compact(projection.tables, piece),
      parked: [],
      causes: new Map(),
    });
    if (outcome !== "applied") throw new Error(outcome);
  }
}

/** Instruments in turn, each with a walk of its price. */
function eventsOf(partition: number, ticks: number): EventChanges[] {
  const random = createRandom(SEED + partition);
  const places = Array.from({ length: INSTRUMENTS_PER_PARTITION }, () => {
    return { timeMs: FIRST_MS, cents: 6_000_000, tradeId: 3_735_683_259, ordinal: 0 };
  });
  return Array.from({ length: ticks / TICKS_PER_EVENT }, (_, position) => {
    const number = position % INSTRUMENTS_PER_PARTITION;
    const place = places[number] as (typeof places)[number];
    const all = Array.from({ length: TICKS_PER_EVENT }, (): MarketTick => {
      const laterMs = random.chance(0.6) ? 0 : random.integer(1, LONGEST_MS_BETWEEN_TICKS);
      place.timeMs += laterMs;
      place.ordinal = laterMs === 0 ? place.ordinal + 1 : 0;
      place.cents += random.integer(-20, 20);
      place.tradeId += 1;
      const price = decimal((place.cents / 100).toFixed(2));
      const volume = decimal(`0.${String(random.integer(1, 99_999)).padStart(5, "0")}`);
      const { timeMs, ordinal, tradeId } = place;
      const side = random.chance(0.5) ? "buy" : "sell";
      return { timeMs, ordinal, price, volume, side, tradeId, occurrence: 0 };
    });
    const event: RecordedEvent<MarketDataEvent> = recorded(ticksRecorded(all, place.timeMs), {
      aggregateId: `binance:${partition}-${number}-USDT`,
      sequence: position + 1,
      position,
    });
    return { position, changes: projection.project(event) };
  });
}

function ticksRecorded(ticks: readonly MarketTick[], watermarkMs: number): MarketDataEvent {
  const rest = { source: "live", feedSession: "", lateBefore: 0, watermarkMs };
  const data = { ...rest, clockCloses: false, staleMinutes: [], ticks };
  return { type: "TicksRecorded", data, occurredAtMs: watermarkMs };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
