import { partitionOf } from "../platform/kernel/hash.ts";
import type { Positions } from "../platform/log/log.ts";
import { registeredProjection } from "../projections/registry.ts";
import { RedisConnection } from "../projections/stores/redis/connection.ts";
import type { QueryApiParts } from "../query-api/main.ts";
import type { GenerationReader } from "../query-api/reading/generation-reader.ts";
import type { Readers } from "../query-api/registry.ts";
import { ids, POPULATION } from "./population.ts";

const GENERATION = 1;
const TTL_SECONDS = 5;
/** Checkpoints are looked at once in this time, however many ask; the query API does so, too. */
const POSITIONS_FRESH_MILLISECONDS = 25;
const PAGE = { after: null, limit: 100 };
const MINUTE_MS = 60_000;

/** One everyday read, asked of the store itself. */
export interface CachedRead {
  readonly name: string;
  /** There are so many, numbered from 0. */
  readonly ids: number;
  straight(id: number): Promise<unknown>;
  /** What the answer about that id changes with: the position of the partition it stands in. */
  versionOf(id: number): Promise<string>;
}

export interface Opened {
  readonly reads: readonly CachedRead[];
  close(): Promise<void>;
}

/** Reads of every store, light ones and heavy ones. */
export async function openReads(readers: QueryApiParts["readers"]): Promise<Opened> {
  const open = async <Name extends keyof Readers>(name: Name) => {
    const opened = await readers[name](GENERATION);
    if (opened === null) throw new Error(`${name} is not there`);
    return new Model<Readers[Name]>(name, opened as GenerationReader<Readers[Name]>);
  };
  const market = await open("ticks-and-candles");
  const portfolios = await open("portfolios");
  const [risk, strategies] = [await open("risk"), await open("strategies")];
  const social = await open("social");
  const { instruments, portfolios: ofPortfolios, strategies: ofStrategies, traders } = POPULATION;
  const reads = [
    market.read(
      "last price (InfluxDB)",
      { count: instruments, idOf: ids.instrument },
      (one, id) => {
        return one.lastPrice(id);
      },
    ),
    market.read("ticker (InfluxDB)", { count: instruments, idOf: ids.instrument }, (one, id) => {
      return one.ticker(id, null);
    }),
    market.read(
      "100 candles of 1m (InfluxDB)",
      { count: instruments, idOf: ids.instrument },
      (one, id) => {
        const toMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
        const range = { fromMs: toMs - 100 * MINUTE_MS, toMs, nowMs: Date.now() };
        return one.candles(id, { interval: "1m", ...range, fill: "none", limit: 100 });
      },
    ),
    portfolios.read(
      "holdings (PostgreSQL)",
      { count: ofPortfolios, idOf: ids.portfolio },
      (one, id) => {
        return one.holdings(id);
      },
    ),
    portfolios.read("100 portfolios (PostgreSQL)", { count: 1, idOf: () => null }, (one) => {
      return one.portfolios(PAGE);
    }),
    risk.read("risk (Redis)", { count: ofPortfolios, idOf: ids.portfolio }, (one, id) =>
      one.risk(id),
    ),
    strategies.read(
      "strategy (MongoDB's stand-in)",
      { count: ofStrategies, idOf: ids.strategy },
      (one, id) => {
        return one.strategy(id);
      },
    ),
    social.read("trader (Neo4j)", { count: traders, idOf: ids.trader }, (one, id) =>
      one.trader(id),
    ),
    social.read("copiers (Neo4j)", { count: traders, idOf: ids.trader }, (one, id) =>
      one.copiers(id),
    ),
  ];
  const close = async () => {
    for (const one of [market, portfolios, risk, strategies, social]) await one.close();
  };
  return { reads, close };
}

/** Which there are: numbers and the ids they stand for; null: the answer is about all of them. */
interface Ids {
  readonly count: number;
  readonly idOf: (number: number) => string | null;
}

class Model<Reader> {
  readonly #name: string;
  readonly #reader: GenerationReader<Reader>;
  #look: { readonly atMs: number; readonly positions: Promise<Positions> } | null = null;

  constructor(name: string, reader: GenerationReader<Reader>) {
    this.#name = name;
    this.#reader = reader;
  }

  read(
    name: string,
    { count, idOf }: Ids,
    ask: (reader: Reader, id: string) => Promise<unknown>,
  ): CachedRead {
    return {
      name,
      ids: count,
      straight: (id) => this.#reader.read((reader) => ask(reader, idOf(id) ?? "")),
      versionOf: (id) => this.#versionOf(idOf(id)),
    };
  }

  async #versionOf(id: string | null): Promise<string> {
    const positions = await this.#positions();
    const [topic = ""] = registeredProjection(this.#name).projection.topics;
    const partitions = [...positions].filter(([key]) => key.startsWith(`${topic}/`));
    if (id === null) return partitions.map(([, position]) => position).join(".");
    return String(positions.get(`${topic}/${partitionOf(id, partitions.length)}`));
  }

  #positions(): Promise<Positions> {
    const nowMs = performance.now();
    if (this.#look === null || nowMs - this.#look.atMs > POSITIONS_FRESH_MILLISECONDS) {
      this.#look = { atMs: nowMs, positions: this.#reader.positions() };
    }
    return this.#look.positions;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** Answers kept under generation, query and version, for some seconds at most. */
export class QueryCache {
  readonly #redis: RedisConnection;
  #hits = 0;
  #reads = 0;

  constructor(url: string) {
    this.#redis = new RedisConnection({ url, name: "query cache" });
  }

  get hitShare(): number {
    return this.#hits / this.#reads;
  }

  forgetCounts(): void {
    this.#hits = 0;
    this.#reads = 0;
  }

  async read(read: CachedRead, id: number): Promise<unknown> {
    this.#reads += 1;
    const key = `${read.name}:g${GENERATION}:${id}:${await read.versionOf(id)}`;
    const kept = (await this.#redis.call("GET", key)) as string | null;
    if (kept !== null) {
      this.#hits += 1;
      return JSON.parse(kept);
    }
    const answer = await read.straight(id);
    const text = JSON.stringify((answer as { readonly result: unknown }).result);
    await this.#redis.call("SET", key, text, "EX", TTL_SECONDS);
    return answer;
  }

  close(): Promise<void> {
    return this.#redis.close();
  }
}
