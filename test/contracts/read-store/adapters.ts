import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReadStore } from "../../../projections/runner/read-store.ts";
import type { InfluxShapes } from "../../../projections/stores/influx/shape.ts";
import { InfluxReadStore } from "../../../projections/stores/influx/store.ts";
import { collectionPrefix } from "../../../projections/stores/mongo/schema.ts";
import { MongoReadStore } from "../../../projections/stores/mongo/store.ts";
import type { MongoLayout } from "../../../projections/stores/mongo/table.ts";
import type { Graph } from "../../../projections/stores/neo4j/graph.ts";
import { generationSuffix } from "../../../projections/stores/neo4j/schema.ts";
import { Neo4jReadStore } from "../../../projections/stores/neo4j/store.ts";
import { generationSchema } from "../../../projections/stores/postgres/schema.ts";
import { PostgresReadStore } from "../../../projections/stores/postgres/store.ts";
import { generationPrefix } from "../../../projections/stores/redis/layout.ts";
import { RedisReadStore } from "../../../projections/stores/redis/store.ts";
import { SqliteReadStore } from "../../../projections/stores/sqlite/store.ts";
import type { SqliteTextIndex } from "../../../projections/stores/sqlite/text-index.ts";
import { influxUrl, mongoUrl, neo4jUrl, postgresUrl, redisUrl } from "../../real/servers.ts";
import { projection } from "./sample-projection.ts";

/** An adapter of the read-store port, as the contract suite and its child processes use it. */
export interface ReadStoreAdapter {
  /** The address of a new place for one generation that is not there yet. */
  newAddress(): string;
  /** Opens the generation of the sample projection; any process may. */
  open(address: string): ReadStore;
  remove(address: string): void | Promise<void>;
  /**
   * Whether rows and checkpoint change in one step. Without it a killed writer leaves rows ahead of
   * the checkpoint, which must be right again once the batch that broke off was sent again.
   */
  readonly isAtomic: boolean;
  /**
   * Whether the store moves the checkpoint by compare-and-set, so that who comes late is refused
   * and may send what it likes. Without it, who comes late sends what an honest one would, and the
   * rows must be right although it was not refused.
   */
  readonly comparesAndSets: boolean;
  /** How long a child that is killed may live, where its first batch takes longer than usual. */
  readonly longestLifeMs?: number;
}

/** Of the sample projection, in SQLite. */
export const namesIndex: SqliteTextIndex = { table: "accounts", wordsOf: "name" };

export function sqliteFile(folder: string): string {
  return join(folder, "read", "sample.g1.db");
}

const indexes = [{ table: "accounts", columns: ["open", "count"] }];

export const readStoreAdapters = {
  sqlite: {
    newAddress: () => mkdtempSync(join(tmpdir(), "cipherhorizon-read-")),
    open: (folder) => {
      const all = [...indexes, namesIndex];
      return new SqliteReadStore({ file: sqliteFile(folder), projection, indexes: all });
    },
    remove: (folder) => rmSync(folder, { recursive: true, force: true }),
    isAtomic: true,
    comparesAndSets: true,
  },
  postgres: {
    newAddress: () => generationSchema(`sample-${randomUUID()}`, 1),
    open: openInPostgres,
    remove: (schema) => dropped(openInPostgres(schema)),
    isAtomic: true,
    comparesAndSets: true,
  },
  redis: {
    newAddress: () => generationPrefix(`sample-${randomUUID()}`, 1),
    open: openInRedis,
    remove: (prefix) => dropped(openInRedis(prefix)),
    isAtomic: true,
    comparesAndSets: true,
  },
  mongo: {
    newAddress: () => collectionPrefix(`sample-${randomUUID()}`, 1),
    open: openInMongo,
    remove: (prefix) => dropped(openInMongo(prefix)),
    // What the stand-in has not. On a replica set it is more than is asked for here.
    isAtomic: false,
    comparesAndSets: true,
  },
  influx: {
    newAddress: () => generationSchema(`sample-${randomUUID()}`, 1),
    open: openInInflux,
    remove: (database) => dropped(openInInflux(database)),
    isAtomic: false,
    comparesAndSets: false,
  },
  neo4j: inNeo4j({}),
  /** A table whose rows are relationships, and one that shares its nodes. */
  neo4jGraph: inNeo4j({
    accounts: {
      type: "HOLDS",
      from: { label: "Owner", key: "owner" },
      to: { label: "Number", key: "number" },
    },
    entries: { label: "Entry", on: "Entry" },
  }),
} satisfies Record<string, ReadStoreAdapter>;

function openInPostgres(schema: string): PostgresReadStore {
  return new PostgresReadStore({ url: postgresUrl(), schema, projection, indexes });
}

function inNeo4j(graph: Graph): ReadStoreAdapter {
  const open = (generation: string) => {
    return new Neo4jReadStore({ url: neo4jUrl(), generation, projection, graph, indexes });
  };
  return {
    comparesAndSets: true,
    longestLifeMs: 400,
    isAtomic: true,
    newAddress: () => generationSuffix(`sample-${randomUUID()}`, 1),
    open,
    remove: (generation) => dropped(open(generation)),
  };
}

function openInRedis(prefix: string): RedisReadStore {
  const byOpen = [{ table: "accounts", columns: ["count", "owner", "number"] }];
  return new RedisReadStore({ url: redisUrl(), prefix, projection, indexes: byOpen });
}

function openInInflux(database: string): InfluxReadStore {
  return new InfluxReadStore({ url: influxUrl(), database, projection, shapes: sampleShapes });
}

/** Entries stand in time by their sequence, each in a millisecond of its own. */
export const sampleShapes: InfluxShapes = {
  entries: {
    tags: ["stream"],
    time: { msColumn: "sequence", nsColumn: null, nsBelow: 1_000_000 },
  },
};

function openInMongo(prefix: string): MongoReadStore {
  return new MongoReadStore({ url: mongoUrl(), prefix, projection, layout });
}

const layout: MongoLayout = {
  indexes: [{ table: "accounts", fields: ["open", "_found.signs"] }],
  found: { accounts: ({ name }) => ({ signs: [...String(name)] }) },
};

async function dropped(store: ReadStore): Promise<void> {
  await store.drop();
  await store.close();
}

export type ReadStoreAdapterName = keyof typeof readStoreAdapters;
