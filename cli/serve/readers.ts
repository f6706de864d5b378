import { PostgresEquityCurveReader } from "../../projections/equity-curve/postgres.ts";
import { SqliteEquityCurveReader } from "../../projections/equity-curve/sqlite.ts";
import type { EquityCurveReader } from "../../projections/equity-curve/store.ts";
import { PostgresPortfolioReader } from "../../projections/portfolios/postgres.ts";
import { SqlitePortfolioReader } from "../../projections/portfolios/sqlite.ts";
import type { PortfolioReader } from "../../projections/portfolios/store.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { RedisRiskReader } from "../../projections/risk/redis.ts";
import { SqliteRiskReader } from "../../projections/risk/sqlite.ts";
import type { RiskReader } from "../../projections/risk/store.ts";
import { generationFile } from "../../projections/runner/generation-files.ts";
import { KeptRanking } from "../../projections/social/kept-ranking.ts";
import { Neo4jSocialReader } from "../../projections/social/neo4j.ts";
import { SqliteSocialReader } from "../../projections/social/sqlite.ts";
import type { SocialReader } from "../../projections/social/store.ts";
import { InfluxClient } from "../../projections/stores/influx/client.ts";
import {
  type InfluxReaderMaker,
  openInfluxGeneration,
} from "../../projections/stores/influx/reader.ts";
import { MongoDatabase } from "../../projections/stores/mongo/database.ts";
import type { MongoQueries } from "../../projections/stores/mongo/query.ts";
import { openMongoGeneration } from "../../projections/stores/mongo/reader.ts";
import { collectionPrefix } from "../../projections/stores/mongo/schema.ts";
import { Neo4jPool } from "../../projections/stores/neo4j/pool.ts";
import type { Neo4jQueries } from "../../projections/stores/neo4j/query.ts";
import { openNeo4jGeneration } from "../../projections/stores/neo4j/reader.ts";
import { generationSuffix } from "../../projections/stores/neo4j/schema.ts";
import { PostgresPool } from "../../projections/stores/postgres/pool.ts";
import type { PostgresQueries } from "../../projections/stores/postgres/query.ts";
import { openPostgresGeneration } from "../../projections/stores/postgres/reader.ts";
import { generationSchema } from "../../projections/stores/postgres/schema.ts";
import { RedisConnection } from "../../projections/stores/redis/connection.ts";
import { generationPrefix } from "../../projections/stores/redis/layout.ts";
import { openRedisGeneration, type RedisQueries } from "../../projections/stores/redis/reader.ts";
import type { SqliteQueries } from "../../projections/stores/sqlite/query.ts";
import { openSqliteGeneration } from "../../projections/stores/sqlite/reader.ts";
import { type StorePlace, type StoreServer, serverOf } from "../../projections/stores.ts";
import { MongoStrategyReader } from "../../projections/strategies/mongo.ts";
import { SqliteStrategyReader } from "../../projections/strategies/sqlite.ts";
import type { StrategyReader } from "../../projections/strategies/store.ts";
import { InfluxMarketReader } from "../../projections/ticks-and-candles/influx.ts";
import { SqliteMarketReader } from "../../projections/ticks-and-candles/sqlite.ts";
import type { MarketReader } from "../../projections/ticks-and-candles/store.ts";
import type { QueryApiParts } from "../../query-api/main.ts";
import type { OpenGeneration } from "../../query-api/reading/generation-reader.ts";
import { measuredReaders } from "../../query-api/reading/measured-reader.ts";

/** Connections of this process to InfluxDB, shared by all generations that it reads. */
const INFLUX_CONNECTIONS = 8;
/** Connections of this process to PostgreSQL, Neo4j or MongoDB, shared by all generations it reads. */
const POSTGRES_CONNECTIONS = 8;

export interface OpenedReaders {
  readonly readers: QueryApiParts["readers"];
  /** After the last generation was closed. */
  close(): Promise<void>;
}

/** The readers of each read model, on the store where that stands. */
export function openReaders(place: StorePlace): OpenedReaders {
  const servers = openServers(place);
  const openerOn = <Reader>(
    server: StoreServer | null,
    name: string,
    makers: ReaderMakers<Reader>,
  ) => {
    switch (server) {
      case null:
        return onSqlite(place.folder, name, makers);
      case "influx":
        return onInflux(servers.influx, name, makers);
      case "mongo":
        return onMongo(servers.mongo, name, makers);
      case "neo4j":
        return onNeo4j(servers.neo4j, name, makers);
      case "postgres":
        return onPostgres(servers.postgres, name, makers);
      case "redis":
        return onRedis(servers.redis, name, makers);
    }
  };
  const openerOf = <Reader>(name: string, makers: ReaderMakers<Reader>) => {
    const server = serverOf(registeredProjection(name), place.servers)?.server ?? null;
    const store = { server: server ?? "sqlite", projection: name };
    return measuredReaders(openerOn(server, name, makers), store);
  };
  const ranking = new KeptRanking();
  const readers: QueryApiParts["readers"] = {
    "equity-curve": openerOf<EquityCurveReader>("equity-curve", {
      sqlite: (queries) => new SqliteEquityCurveReader(queries),
      postgres: (queries) => new PostgresEquityCurveReader(queries),
    }),
    portfolios: openerOf<PortfolioReader>("portfolios", {
      sqlite: (queries) => new SqlitePortfolioReader(queries),
      postgres: (queries) => new PostgresPortfolioReader(queries),
    }),
    risk: openerOf<RiskReader>("risk", {
      sqlite: (queries) => new SqliteRiskReader(queries),
      redis: (queries) => new RedisRiskReader(queries),
    }),
    social: openerOf<SocialReader>("social", {
      sqlite: (queries) => new SqliteSocialReader(queries),
      neo4j: (queries) => new Neo4jSocialReader(queries, ranking),
    }),
    strategies: openerOf<StrategyReader>("strategies", {
      sqlite: (queries) => new SqliteStrategyReader(queries),
      mongo: (queries) => new MongoStrategyReader(queries),
    }),
    "ticks-and-candles": openerOf<MarketReader>("ticks-and-candles", {
      sqlite: (queries) => new SqliteMarketReader(queries),
      influx: InfluxMarketReader.maker,
    }),
  };
  const close = async () => {
    servers.influx?.close();
    await servers.mongo?.close();
    await servers.neo4j?.close();
    await servers.postgres?.close();
    await servers.redis?.close();
  };
  return { readers, close };
}

/** This process's connections to the servers that are configured. */
interface Servers {
  readonly influx: InfluxClient | null;
  readonly mongo: MongoDatabase | null;
  readonly neo4j: Neo4jPool | null;
  readonly postgres: PostgresPool | null;
  readonly redis: RedisConnection | null;
}

function openServers({ servers }: StorePlace): Servers {
  const { influx, mongo, neo4j, postgres, redis } = servers;
  const name = "queries";
  const connections = POSTGRES_CONNECTIONS;
  return {
    influx:
      influx === null ? null : new InfluxClient({ url: influx, connections: INFLUX_CONNECTIONS }),
    mongo: mongo === null ? null : new MongoDatabase({ url: mongo, name, connections }),
    neo4j: neo4j === null ? null : new Neo4jPool({ url: neo4j, name, connections }),
    postgres: postgres === null ? null : new PostgresPool({ url: postgres, name, connections }),
    redis: redis === null ? null : new RedisConnection({ url: redis, name }),
  };
}

/** A reader for each store that the read model may stand in. */
interface ReaderMakers<Reader> {
  readonly sqlite: (queries: SqliteQueries) => Reader;
  readonly influx?: InfluxReaderMaker<Reader>;
  readonly mongo?: (queries: MongoQueries) => Reader;
  readonly neo4j?: (queries: Neo4jQueries) => Reader;
  readonly postgres?: (queries: PostgresQueries) => Reader;
  readonly redis?: (queries: RedisQueries) => Reader;
}

function onInflux<Reader>(
  client: InfluxClient | null,
  name: string,
  { influx: readerMaker }: ReaderMakers<Reader>,
): OpenGeneration<Reader> {
  if (client === null || readerMaker === undefined) throw noReader(name, "InfluxDB");
  return (generation) => {
    const database = generationSchema(name, generation);
    return openInfluxGeneration({ client, database, readerMaker });
  };
}

function onMongo<Reader>(
  database: MongoDatabase | null,
  name: string,
  { mongo: makeReader }: ReaderMakers<Reader>,
): OpenGeneration<Reader> {
  if (database === null || makeReader === undefined) throw noReader(name, "MongoDB");
  return (generation) => {
    const prefix = collectionPrefix(name, generation);
    return openMongoGeneration({ database, prefix, makeReader });
  };
}

function onNeo4j<Reader>(
  pool: Neo4jPool | null,
  name: string,
  { neo4j: makeReader }: ReaderMakers<Reader>,
): OpenGeneration<Reader> {
  if (pool === null || makeReader === undefined) throw new Error(`${name} is not on Neo4j`);
  return (number) => {
    return openNeo4jGeneration({ pool, generation: generationSuffix(name, number), makeReader });
  };
}

function onPostgres<Reader>(
  pool: PostgresPool | null,
  name: string,
  { postgres: makeReader }: ReaderMakers<Reader>,
): OpenGeneration<Reader> {
  if (pool === null || makeReader === undefined) throw noReader(name, "PostgreSQL");
  return (generation) => {
    return openPostgresGeneration({ pool, schema: generationSchema(name, generation), makeReader });
  };
}

function onRedis<Reader>(
  connection: RedisConnection | null,
  name: string,
  { redis: makeReader }: ReaderMakers<Reader>,
): OpenGeneration<Reader> {
  if (connection === null || makeReader === undefined) throw noReader(name, "Redis");
  const { projection, indexes } = registeredProjection(name);
  const ofColumns = indexes.filter((index) => "columns" in index);
  const { tables } = projection;
  return (generation) => {
    const prefix = generationPrefix(name, generation);
    return openRedisGeneration({ connection, prefix, tables, indexes: ofColumns, makeReader });
  };
}

function onSqlite<Reader>(
  folder: string,
  name: string,
  { sqlite: makeReader }: ReaderMakers<Reader>,
): OpenGeneration<Reader> {
  return async (generation) => {
    return openSqliteGeneration({ file: generationFile(folder, name, generation), makeReader });
  };
}

function noReader(name: string, product: string): Error {
  return new Error(`${name} has no reader for ${product}`);
}
