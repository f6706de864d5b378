import { rmSync } from "node:fs";
import { type RegisteredProjection, registeredProjection } from "./registry.ts";
import {
  generationFile,
  generationLockFile,
  removeGenerationFiles,
} from "./runner/generation-files.ts";
import { InfluxClient } from "./runner/influx-client.ts";
import { dropDatabase } from "./runner/influx-database.ts";
import { InfluxReadStore } from "./runner/influx-store.ts";
import { MongoDatabase } from "./runner/mongo-database.ts";
import { collectionPrefix, dropCollections } from "./runner/mongo-schema.ts";
import { MongoReadStore } from "./runner/mongo-store.ts";
import { NO_LAYOUT } from "./runner/mongo-table.ts";
import { Neo4jPool } from "./runner/neo4j-pool.ts";
import { dropGeneration as dropFromNeo4j, generationSuffix } from "./runner/neo4j-schema.ts";
import { Neo4jReadStore } from "./runner/neo4j-store.ts";
import { PostgresPool } from "./runner/postgres-pool.ts";
import { dropSchema, generationSchema } from "./runner/postgres-schema.ts";
import { PostgresReadStore } from "./runner/postgres-store.ts";
import type { ReadStore } from "./runner/read-store.ts";
import { RedisConnection } from "./runner/redis-connection.ts";
import { generationPrefix } from "./runner/redis-layout.ts";
import { dropGeneration } from "./runner/redis-schema.ts";
import { RedisReadStore } from "./runner/redis-store.ts";
import { SqliteReadStore } from "./runner/sqlite-store.ts";

/** Addresses of the servers that hold read models; null: SQLite holds what would be there. */
export interface StoreServers {
  readonly influx: string | null;
  readonly mongo: string | null;
  readonly neo4j: string | null;
  readonly postgres: string | null;
  readonly redis: string | null;
}

/** Everything in the data folder. */
export const NO_SERVERS: StoreServers = {
  influx: null,
  mongo: null,
  neo4j: null,
  postgres: null,
  redis: null,
};

export type StoreServer = keyof StoreServers;

/** Everything by which a process finds the read models. Its addresses hold logins: never log it. */
export interface StorePlace {
  /** The data folder. */
  readonly folder: string;
  readonly servers: StoreServers;
}

/** The server that holds a projection's read model; null: SQLite does. */
export function serverOf(
  { server }: RegisteredProjection,
  servers: StoreServers,
): { readonly server: StoreServer; readonly address: string } | null {
  const address = server === undefined ? null : servers[server];
  return server === undefined || address === null ? null : { server, address };
}

/** The store of one generation; whoever opened it closes it. */
export function openStore(
  { folder, servers }: StorePlace,
  name: string,
  generation: number,
): ReadStore {
  const registered = registeredProjection(name);
  const { projection, indexes, shapes, mongo = NO_LAYOUT } = registered;
  const there = serverOf(registered, servers);
  const ofColumns = indexes.filter((index) => "columns" in index);
  switch (there?.server) {
    case undefined: {
      const file = generationFile(folder, name, generation);
      return new SqliteReadStore({ file, projection, indexes });
    }
    case "influx": {
      const database = generationSchema(name, generation);
      const { address: url } = there;
      return new InfluxReadStore({ url, database, projection, ...(shapes && { shapes }) });
    }
    case "mongo": {
      const prefix = collectionPrefix(name, generation);
      return new MongoReadStore({ url: there.address, prefix, projection, layout: mongo });
    }
    case "neo4j": {
      const { address: url } = there;
      const { graph = {} } = registered;
      const suffix = generationSuffix(name, generation);
      const parts = { url, generation: suffix, projection, graph, indexes: ofColumns };
      return new Neo4jReadStore(parts);
    }
    case "postgres": {
      const schema = generationSchema(name, generation);
      const { address: url } = there;
      return new PostgresReadStore({ url, schema, projection, indexes: ofColumns });
    }
    case "redis": {
      const prefix = generationPrefix(name, generation);
      const { address: url } = there;
      return new RedisReadStore({ url, prefix, projection, indexes: ofColumns });
    }
  }
}

/** Drops generations that nobody needs any more, on whichever store they are. */
export class GenerationDropper {
  readonly place: StorePlace;
  #influx: InfluxClient | null = null;
  #mongo: MongoDatabase | null = null;
  #neo4j: Neo4jPool | null = null;
  #postgres: PostgresPool | null = null;
  #redis: RedisConnection | null = null;

  constructor(place: StorePlace) {
    this.place = place;
  }

  /** Gives whether anything was there; harmless when it is gone. */
  async drop(name: string, generation: number): Promise<boolean> {
    const { folder, servers } = this.place;
    const there = serverOf(registeredProjection(name), servers);
    if (there === null) return removeGenerationFiles(folder, name, generation);
    const wasThere = await this.#dropOn(there, name, generation);
    rmSync(generationLockFile(folder, name, generation), { force: true });
    return wasThere;
  }

  async close(): Promise<void> {
    this.#influx?.close();
    await this.#mongo?.close();
    await this.#neo4j?.close();
    await this.#postgres?.close();
    await this.#redis?.close();
  }

  /** However many there are, they go one after the other, by one connection to each server. */
  #dropOn(
    { server, address: url }: { readonly server: StoreServer; readonly address: string },
    name: string,
    generation: number,
  ): Promise<boolean> {
    switch (server) {
      case "influx":
        this.#influx ??= new InfluxClient({ url, connections: 1 });
        return dropDatabase(this.#influx, generationSchema(name, generation));
      case "mongo":
        this.#mongo ??= new MongoDatabase({ url, name: "dropper", connections: 1 });
        return dropCollections(this.#mongo, collectionPrefix(name, generation));
      case "neo4j":
        this.#neo4j ??= new Neo4jPool({ url, name: "dropper", connections: 1 });
        return dropFromNeo4j(this.#neo4j, generationSuffix(name, generation));
      case "postgres":
        this.#postgres ??= new PostgresPool({ url, name: "dropper", connections: 1 });
        return dropSchema(this.#postgres, generationSchema(name, generation));
      case "redis":
        this.#redis ??= new RedisConnection({ url, name: "dropper" });
        return dropGeneration(this.#redis, generationPrefix(name, generation));
    }
  }
}
