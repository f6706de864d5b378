import { InfluxClient } from "../projections/stores/influx/client.ts";
import {
  generationsThere as generationsOnInflux,
  requireSuitableServer as requireSuitableInflux,
} from "../projections/stores/influx/database.ts";
import { MongoDatabase } from "../projections/stores/mongo/database.ts";
import { generationsThere as generationsOnMongo } from "../projections/stores/mongo/schema.ts";
import { Neo4jPool } from "../projections/stores/neo4j/pool.ts";
import {
  generationsThere as generationsOnNeo4j,
  requireSuitableServer as requireSuitableNeo4j,
} from "../projections/stores/neo4j/schema.ts";
import { PostgresPool } from "../projections/stores/postgres/pool.ts";
import {
  generationsThere as generationsOnPostgres,
  requireSuitableServer as requireSuitablePostgres,
} from "../projections/stores/postgres/schema.ts";
import { RedisConnection } from "../projections/stores/redis/connection.ts";
import {
  generationsThere as generationsOnRedis,
  requireSuitableServer as requireSuitableRedis,
} from "../projections/stores/redis/schema.ts";
import type { StoreServer } from "../projections/stores.ts";

/** A look at a server of read models: what it is, and what is on it. */
export interface StoreVisit {
  /** `PostgreSQL` */
  readonly product: string;
  /** Host, port and database, without the login. */
  readonly place: string;
  /** Gives its version; throws where it does not answer, refuses us, or is none we can work with. */
  requireSuitable(): Promise<string>;
  /** The numbers of the projection's generations. */
  generationsThere(projection: string): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** The visitor is named to the server. Whoever opened it closes it. */
export const openStoreVisit: Readonly<
  Record<StoreServer, (url: string, name: string) => StoreVisit>
> = {
  influx: (url) => {
    const client = new InfluxClient({ url, connections: 1 });
    return {
      product: "InfluxDB",
      place: client.place,
      requireSuitable: () => requireSuitableInflux(client),
      generationsThere: (projection) => generationsOnInflux(client, projection),
      close: async () => client.close(),
    };
  },
  mongo: (url, name) => {
    const database = new MongoDatabase({ url, name, connections: 1 });
    return {
      product: "MongoDB",
      place: database.place,
      requireSuitable: async () => (await database.requireSuitableServer()).version,
      generationsThere: (projection) => generationsOnMongo(database, projection),
      close: () => database.close(),
    };
  },
  neo4j: (url, name) => {
    const pool = new Neo4jPool({ url, name, connections: 1 });
    return {
      product: "Neo4j",
      place: pool.place,
      requireSuitable: () => requireSuitableNeo4j(pool),
      generationsThere: (projection) => generationsOnNeo4j(pool, projection),
      close: () => pool.close(),
    };
  },
  postgres: (url, name) => {
    const pool = new PostgresPool({ url, name, connections: 1 });
    return {
      product: "PostgreSQL",
      place: pool.place,
      requireSuitable: () => requireSuitablePostgres(pool),
      generationsThere: (projection) => generationsOnPostgres(pool, projection),
      close: () => pool.close(),
    };
  },
  redis: (url, name) => {
    const connection = new RedisConnection({ url, name });
    return {
      product: "Redis",
      place: connection.place,
      requireSuitable: () => requireSuitableRedis(connection),
      generationsThere: (projection) => generationsOnRedis(connection, projection),
      close: () => connection.close(),
    };
  },
};
