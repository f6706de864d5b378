/**
 * Events of portfolios a second into each read store, the same events in the same run: projected,
 * compacted and applied with the checkpoint. `npm run bench:stores`; PostgreSQL needs
 * CH_POSTGRES_URL. What the server computes is not in the processor time of this process.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../cli/demo/random.ts";
import { openStory } from "../command-side/contexts/portfolio/portfolio/story.fixture.ts";
import type { RecordedEvent } from "../platform/codec/envelope.ts";
import type { PartitionKey } from "../platform/log/log.ts";
import { indexes } from "../projections/portfolios/indexes.ts";
import { portfolios } from "../projections/portfolios/projection.ts";
import { compact } from "../projections/runner/compact.ts";
import { generationSchema } from "../projections/runner/postgres-schema.ts";
import { PostgresReadStore } from "../projections/runner/postgres-store.ts";
import type { ReadStore } from "../projections/runner/read-store.ts";
import { recorded } from "../projections/runner/recorded.fixture.ts";
import { SqliteReadStore } from "../projections/runner/sqlite-store.ts";
import type { PortfolioEvent } from "../schemas/generated/portfolio.ts";

const SEED = 1;
const PORTFOLIOS = 200;
const TRADES_EACH = 100;
const PARTITIONS = 4;
const LOG_ID = "0192aa00-0000-7000-8000-000000000001";
const LARGEST_BATCH = 5_000;
/** From live traffic to a rebuild. */
const SIZES = [
  { batch: 1, count: 500 },
  { batch: 50, count: 5_000 },
  { batch: 500, count: 20_000 },
  { batch: LARGEST_BATCH, count: 20_000 },
];

type Events = readonly RecordedEvent<PortfolioEvent>[];

const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-bench-"));
const url = process.env["CH_POSTGRES_URL"];
let builds = 0;
const stores: Readonly<Record<string, () => ReadStore>> = {
  SQLite: () => {
    return new SqliteReadStore({ file: join(folder, `${builds}.db`), projection, indexes });
  },
  ...(url === undefined ? {} : { PostgreSQL: () => openPostgres(url) }),
};
const projection = portfolios;

try {
  const events = portfolioEvents();
  const rows = compact(portfolios.tables, events.map(changesOf)).length;
  say(`${events.length} events, ${(rows / events.length).toFixed(1)} rows an event, seed ${SEED}`);
  for (const { batch, count } of SIZES) {
    for (const [name, open] of Object.entries(stores)) {
      const figure = await measured(open(), [events.slice(0, count)], batch);
      say(`${name.padEnd(11)} batches of ${String(batch).padStart(5)} ${figure}`);
    }
  }
  for (const [name, open] of Object.entries(stores)) {
    const figure = await measured(open(), partitionsOf(events), LARGEST_BATCH);
    say(`${name.padEnd(11)} ${PARTITIONS} partitions at once ${figure}`);
  }
  if (url === undefined) say("!!!!! PostgreSQL was left out: CH_POSTGRES_URL is not set !!!!!");
} finally {
  rmSync(folder, { recursive: true });
}

function openPostgres(address: string): ReadStore {
  const schema = generationSchema(`bench-${process.pid}`, builds);
  return new PostgresReadStore({ url: address, schema, projection, indexes });
}

async function measured(
  store: ReadStore,
  partitions: readonly Events[],
  batch: number,
): Promise<string> {
  builds += 1;
  await store.create();
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(
    partitions.map((events, i) => feed(store, `portfolio.events/${i}`, { events, batch })),
  );
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await store.drop();
  await store.close();
  const count = partitions.reduce((sum, { length }) => sum + length, 0);
  const perSecond = Math.round(count / seconds).toLocaleString("en");
  const microseconds = Math.round((user + system) / count);
  return `${perSecond.padStart(8)} events/s, each ${microseconds} µs of this process`;
}

async function feed(
  store: ReadStore,
  partition: PartitionKey,
  { events, batch }: { readonly events: Events; readonly batch: number },
): Promise<void> {
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
      changes: compact(portfolios.tables, piece.map(changesOf)),
      parked: [],
      causes: new Map(),
    });
    if (outcome !== "applied") throw new Error(outcome);
  }
}

function changesOf(event: RecordedEvent<PortfolioEvent>) {
  return { position: event.position, changes: portfolios.project(event) };
}

/** Portfolios in turn, as a partition of many has them. */
function portfolioEvents(): Events {
  const random = createRandom(SEED);
  const stories = Array.from({ length: PORTFOLIOS }, (_, i) => {
    const story = openStory({ costMethod: i % 2 === 0 ? "fifo" : "average" });
    story.deposit("USDT", "100000000");
    story.deposit("BTC", "100", { unitCost: "30000" });
    for (let trade = 0; trade < TRADES_EACH; trade += 1) {
      const side = trade % 4 === 3 ? "sell" : "buy";
      const price = `${random.integer(40_000, 60_000)}.${random.integer(10, 99)}`;
      story.trade(side, `0.0${random.integer(10, 99)}@${price}`, {
        fee: "0.1",
        feeCurrency: "USDT",
      });
    }
    return story.events;
  });
  const all: RecordedEvent<PortfolioEvent>[] = [];
  for (let i = 0; i < TRADES_EACH + 3; i += 1) {
    for (const [portfolio, events] of stories.entries()) {
      const event = events[i] as PortfolioEvent;
      const place = { position: all.length, sequence: i + 1 };
      all.push(recorded(event, { aggregateId: `p-${portfolio}`, ...place }));
    }
  }
  return all;
}

/** Each portfolio in the partition that is its own. */
function partitionsOf(events: Events): Events[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const mine = events.filter(({ aggregateId }) => {
      return Number(aggregateId.slice(2)) % PARTITIONS === partition;
    });
    return mine.map((event, position) => ({ ...event, position }));
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
