/**
 * Events a second into each read store, the same events in the same run: projected, compacted and
 * applied with the checkpoint. `npm run bench:stores`; PostgreSQL needs CH_POSTGRES_URL, Redis
 * CH_REDIS_URL, Neo4j CH_NEO4J_URL and MongoDB CH_MONGO_URL, each for the projections that it
 * holds.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, type Random } from "../cli/demo/random.ts";
import { openStory } from "../command-side/contexts/portfolio/portfolio/story.fixture.ts";
import { assess, Book, limit } from "../command-side/contexts/risk/risk-book/story.fixture.ts";
import type { RecordedEvent } from "../platform/codec/envelope.ts";
import { decimal } from "../platform/kernel/decimal.ts";
import { indexes as portfolioIndexes } from "../projections/portfolios/indexes.ts";
import { portfolios } from "../projections/portfolios/projection.ts";
import { indexes as riskIndexes } from "../projections/risk/indexes.ts";
import { risk } from "../projections/risk/projection.ts";
import { collectionPrefix } from "../projections/runner/mongo-schema.ts";
import { MongoReadStore } from "../projections/runner/mongo-store.ts";
import { generationSuffix } from "../projections/runner/neo4j-schema.ts";
import { Neo4jReadStore } from "../projections/runner/neo4j-store.ts";
import { generationSchema } from "../projections/runner/postgres-schema.ts";
import { PostgresReadStore } from "../projections/runner/postgres-store.ts";
import type { ReadStore } from "../projections/runner/read-store.ts";
import { recorded } from "../projections/runner/recorded.fixture.ts";
import { generationPrefix } from "../projections/runner/redis-layout.ts";
import { RedisReadStore } from "../projections/runner/redis-store.ts";
import { SqliteReadStore } from "../projections/runner/sqlite-store.ts";
import { graph } from "../projections/social/neo4j.ts";
import { social } from "../projections/social/projection.ts";
import { indexes as socialIndexes } from "../projections/social/sqlite.ts";
import { layout as strategyLayout } from "../projections/strategies/mongo.ts";
import { strategies } from "../projections/strategies/projection.ts";
import { indexes as strategyIndexes } from "../projections/strategies/sqlite.ts";
import type { PortfolioEvent } from "../schemas/generated/portfolio.ts";
import type { RiskEvent } from "../schemas/generated/risk.ts";
import type { SocialEvent } from "../schemas/generated/social.ts";
import type { StrategiesEvent } from "../schemas/generated/strategies.ts";
import { feedStores, inTurn } from "./fed-store.ts";

const SEED = 1;
const PORTFOLIOS = 200;
const TRADES_EACH = 100;
const ASSESSMENTS_EACH = 100;
const STRATEGIES = 300;
const REVISIONS_EACH = 4;
const TRADERS = 2_000;
const FOLLOWS_EACH = 9;

const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-bench-"));
const addresses = {
  CH_MONGO_URL: process.env["CH_MONGO_URL"],
  CH_POSTGRES_URL: process.env["CH_POSTGRES_URL"],
  CH_REDIS_URL: process.env["CH_REDIS_URL"],
  CH_NEO4J_URL: process.env["CH_NEO4J_URL"],
};

try {
  const random = createRandom(SEED);
  say(`seed ${SEED}`);
  await feedStores(
    {
      projection: portfolios,
      events: inTurn(eachPortfolio((i) => trades(random, i))),
      stores: {
        SQLite: onSqlite({ projection: portfolios, indexes: portfolioIndexes }),
        ...where(addresses.CH_POSTGRES_URL, (url) => ({
          PostgreSQL: (build) => {
            const schema = generationSchema(`bench-${process.pid}`, build);
            const model = { projection: portfolios, indexes: portfolioIndexes };
            return new PostgresReadStore({ url, schema, ...model });
          },
        })),
      },
    },
    say,
  );
  await feedStores(
    {
      projection: risk,
      events: inTurn(eachPortfolio(() => assessments(random))),
      stores: {
        SQLite: onSqlite({ projection: risk, indexes: riskIndexes }),
        ...where(addresses.CH_REDIS_URL, (url) => ({
          Redis: (build) => {
            const prefix = generationPrefix(`bench-${process.pid}`, build);
            return new RedisReadStore({ url, prefix, projection: risk, indexes: riskIndexes });
          },
        })),
      },
    },
    say,
  );
  await feedStores(
    {
      projection: social,
      events: follows(random),
      isOnePartition: true,
      stores: {
        SQLite: onSqlite({ projection: social, indexes: socialIndexes }),
        ...where(addresses.CH_NEO4J_URL, (url) => ({
          Neo4j: (build) => {
            const generation = generationSuffix(`bench-${process.pid}`, build);
            const model = { projection: social, graph, indexes: socialIndexes };
            return new Neo4jReadStore({ url, generation, ...model });
          },
        })),
      },
    },
    say,
  );
  await feedStores(
    {
      projection: strategies,
      events: inTurn(Array.from({ length: STRATEGIES }, (_, i) => strategyLife(random, i))),
      stores: {
        SQLite: onSqlite({ projection: strategies, indexes: strategyIndexes }),
        ...where(addresses.CH_MONGO_URL, (url) => ({
          MongoDB: (build) => {
            const prefix = collectionPrefix(`bench-${process.pid}`, build);
            const model = { projection: strategies, layout: strategyLayout };
            return new MongoReadStore({ url, prefix, ...model });
          },
        })),
      },
    },
    say,
  );
  for (const [variable, address] of Object.entries(addresses)) {
    if (address === undefined) say(`!!!!! its server was left out: ${variable} is not set !!!!!`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function onSqlite(
  model: Omit<ConstructorParameters<typeof SqliteReadStore>[0], "file">,
): (build: number) => ReadStore {
  return (build) => {
    return new SqliteReadStore({
      file: join(folder, `${model.projection.name}-${build}.db`),
      ...model,
    });
  };
}

type Stores = Readonly<Record<string, (build: number) => ReadStore>>;

function where(url: string | undefined, stores: (url: string) => Stores): Stores {
  return url === undefined ? {} : stores(url);
}

function eachPortfolio<T>(of: (number: number) => T): T[] {
  return Array.from({ length: PORTFOLIOS }, (_, i) => of(i));
}

function trades(random: Random, portfolio: number): readonly PortfolioEvent[] {
  const story = openStory({ costMethod: portfolio % 2 === 0 ? "fifo" : "average" });
  story.deposit("USDT", "100000000");
  story.deposit("BTC", "100", { unitCost: "30000" });
  for (let trade = 0; trade < TRADES_EACH; trade += 1) {
    const side = trade % 4 === 3 ? "sell" : "buy";
    const price = `${random.integer(40_000, 60_000)}.${random.integer(10, 99)}`;
    const fee = { fee: "0.1", feeCurrency: "USDT" };
    story.trade(side, `0.0${random.integer(10, 99)}@${price}`, fee);
  }
  return story.events;
}

/** Two limits, which are warned of, breached and cleared. */
function assessments(random: Random): readonly RiskEvent[] {
  const book = new Book();
  book.does(limit("drawdown", "0.2", { warnAt: decimal("0.1") }));
  book.does(limit("concentration", "0.9"));
  for (let i = 0; i < ASSESSMENTS_EACH; i += 1) {
    book.nowMs += 60_000;
    book.does(
      assess({ USDT: "40000", BTC: "1" }, { price: `${random.integer(30_000, 90_000)}.5` }),
    );
  }
  return book.events;
}

/** Each newcomer follows some who were there before, whoever has many followers more often. */
function follows(random: Random): RecordedEvent<SocialEvent>[] {
  const all: RecordedEvent<SocialEvent>[] = [];
  const popular: string[] = [];
  const tell = (aggregateId: string, event: SocialEvent) => {
    all.push(recorded(event, { aggregateId, position: all.length }));
  };
  for (let i = 0; i < TRADERS; i += 1) {
    const follower = `t-${i}`;
    const occurredAtMs = i + 1;
    const data = { handle: `The_${follower}`, acceptsCopiers: true, copierLimit: 100 };
    tell(follower, { type: "TraderRegistered", data, occurredAtMs });
    const leaders = Array.from({ length: Math.min(i, FOLLOWS_EACH) }, () => {
      return popular[random.integer(0, popular.length - 1)] ?? "";
    });
    for (const leader of new Set(leaders)) {
      tell(follower, { type: "TraderFollowed", data: { leader }, occurredAtMs });
    }
    popular.push(follower, ...new Set(leaders));
  }
  return all;
}

/** A strategy is made, published, started, and revised again and again. */
function strategyLife(random: Random, number: number): StrategiesEvent[] {
  const document = (version: number) => {
    const rule = {
      indicator: `EMA_${random.integer(5, 200)}`,
      condition: "above_70",
      action: "sell",
    };
    return JSON.stringify({
      name: `Strategy ${number} of ${version}`,
      type: number % 2 === 0 ? "momentum" : "grid",
      tags: ["bench", `tag-${random.integer(0, 50)}`],
      rules: Array.from({ length: 5 }, () => rule),
      risk_profile: { max_loss: 0.05, volatility: "low" },
      instruments: ["binance:BTC-USDT", "binance:ETH-USDT"],
    });
  };
  const occurredAtMs = 1_723_161_255_342;
  const owner = `owner-${number % 100}`;
  const first = { owner, version: 1, document: document(1) };
  const revised = Array.from({ length: REVISIONS_EACH }, (_, i): StrategiesEvent => {
    const data = { owner, version: i + 2, document: document(i + 2) };
    return { type: "StrategyRevised", data, occurredAtMs };
  });
  return [
    { type: "StrategyCreated", data: first, occurredAtMs },
    { type: "StrategyPublished", data: { visibility: "public" }, occurredAtMs },
    { type: "StrategyActivated", data: { version: 1 }, occurredAtMs },
    { type: "StrategyPaused", data: { version: 1, reason: "user" }, occurredAtMs },
    ...revised,
  ];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
