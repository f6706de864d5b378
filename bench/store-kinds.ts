import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { RegisteredProjection } from "../projections/registry.ts";
import type { ReadStore } from "../projections/runner/read-store.ts";
import { InfluxClient } from "../projections/stores/influx/client.ts";
import { generationSchema } from "../projections/stores/postgres/schema.ts";
import { RedisConnection } from "../projections/stores/redis/connection.ts";
import { generationPrefix } from "../projections/stores/redis/layout.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import { NO_SERVERS, openStore, type StoreServer } from "../projections/stores.ts";
import type { BenchServers } from "./servers.ts";

/** A generation of its own, never opened before. */
interface OpenedStore {
  readonly store: ReadStore;
  /**
   * What the generation takes on the disk, or in the memory of Redis, when its server has put
   * together what it can; null: the server is not ours, and does not tell.
   */
  bytes(): Promise<number | null>;
}

/** A kind of store, with how a generation of a projection is opened on it. */
export interface StoreKind {
  /** As tables show it. */
  readonly name: string;
  open(registered: RegisteredProjection, generation: number): Promise<OpenedStore>;
}

/** Longer than from one checkpoint of the stack's Neo4j to the next. */
const QUIET_LOOKS = 20;
const LOOK_EVERY_MILLISECONDS = 1_000;
const QUIET_WITHIN_LOOKS = 180;

/** SQLite, and the server that holds the projection. */
export function kindsFor(
  { server }: RegisteredProjection,
  servers: BenchServers,
): readonly StoreKind[] {
  return [sqlite(servers), ...(server === undefined ? [] : [SERVER_KINDS[server](servers)])];
}

const SERVER_KINDS: Readonly<Record<StoreServer, (servers: BenchServers) => StoreKind>> = {
  postgres: (servers) => {
    const url = servers.addressOf("postgres");
    return onServer("PostgreSQL", "postgres", url, async ({ projection }, generation) => {
      return () => postgresBytes(url, generationSchema(projection.name, generation));
    });
  },
  redis: (servers) => {
    const url = servers.addressOf("redis");
    return onServer("Redis (memory)", "redis", url, async ({ projection }, generation) => {
      return () => redisBytes(url, generationPrefix(projection.name, generation));
    });
  },
  influx: (servers) => {
    const url = servers.addressOf("influxdb");
    return onServer("InfluxDB", "influx", url, async ({ projection }, generation) => {
      const isOurs = servers.folderOf("influxdb") !== null;
      return async () => {
        const database = generationSchema(projection.name, generation);
        return isOurs ? untilQuiet(() => influxBytes(url, database)) : null;
      };
    });
  },
  neo4j: (servers) => {
    const url = servers.addressOf("neo4j");
    return onServer("Neo4j", "neo4j", url, async () => {
      const before = await neo4jBytes(servers);
      return async () => {
        const after = await neo4jBytes(servers);
        return before === null || after === null ? null : after - before;
      };
    });
  },
  mongo: (servers) => {
    const url = servers.addressOf("mongodb");
    return onServer("MongoDB's stand-in", "mongo", url, async () => () => mongoBytes(servers));
  },
};

function sqlite(servers: BenchServers): StoreKind {
  return {
    name: "SQLite",
    open: async ({ projection, indexes }, generation) => {
      const file = join(servers.folderFor("sqlite"), `${projection.name}-${generation}.db`);
      const store = new SqliteReadStore({ file, projection, indexes });
      return { store, bytes: async () => sqliteBytes(file) };
    },
  };
}

function onServer(
  name: string,
  server: StoreServer,
  address: string,
  bytesOf: (one: RegisteredProjection, generation: number) => Promise<OpenedStore["bytes"]>,
): StoreKind {
  return {
    name,
    open: async (registered, generation) => {
      const bytes = await bytesOf(registered, generation);
      const place = { folder: "", servers: { ...NO_SERVERS, [server]: address } };
      const store = await openStore(place, registered.projection.name, generation);
      return { store, bytes };
    },
  };
}

/** The file once it holds no free pages. */
function sqliteBytes(file: string): number {
  const database = new DatabaseSync(file);
  try {
    database.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    return statSync(file).size;
  } finally {
    database.close();
  }
}

/** Tables, their indexes and what stands aside of them. */
async function postgresBytes(url: string, schema: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const tables = `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
                    WHERE schemaname = $1`;
    const { rows } = await client.query<{ name: string }>(tables, [schema]);
    let bytes = 0;
    for (const { name } of rows) {
      await client.query(`VACUUM FULL ${name}`);
      const { rows: sizes } = await client.query<{ bytes: string }>(
        "SELECT pg_total_relation_size($1::regclass) AS bytes",
        [name],
      );
      bytes += Number(sizes[0]?.bytes);
    }
    return bytes;
  } finally {
    await client.end();
  }
}

async function redisBytes(url: string, prefix: string): Promise<number> {
  const connection = new RedisConnection({ url, name: "bench" });
  try {
    let bytes = 0;
    let cursor = "0";
    do {
      const scan = ["SCAN", cursor, "MATCH", `{${prefix}[:}]*`, "COUNT", "1000"] as const;
      const [next, keys] = (await connection.call(...scan)) as [string, string[]];
      for (const key of keys) {
        bytes += Number(await connection.call("MEMORY", "USAGE", key, "SAMPLES", "0"));
      }
      cursor = next;
    } while (cursor !== "0");
    return bytes;
  } finally {
    await connection.close();
  }
}

async function influxBytes(url: string, database: string): Promise<number> {
  const client = new InfluxClient({ url, connections: 1 });
  try {
    const shards = await client.command("SHOW STATS FOR 'shard'");
    const mine = shards.filter(({ tags }) => tags?.["database"] === database);
    return mine.reduce((sum, { columns, values }) => {
      return sum + Number(values[0]?.[columns.indexOf("diskBytes")] ?? 0);
    }, 0);
  } finally {
    client.close();
  }
}

/** Compaction and checkpoints come in the server by themselves: the size that stays. */
async function untilQuiet(bytesNow: () => Promise<number>): Promise<number> {
  let last = await bytesNow();
  for (let looks = 0, quiet = 0; quiet < QUIET_LOOKS; looks += 1) {
    if (looks === QUIET_WITHIN_LOOKS) throw new Error("the server goes on compacting");
    await sleep(LOOK_EVERY_MILLISECONDS);
    const now = await bytesNow();
    quiet = now === last ? quiet + 1 : 0;
    last = now;
  }
  return last;
}

/** The store files of the database, without its transaction logs, when it has checkpointed. */
async function neo4jBytes(servers: BenchServers): Promise<number | null> {
  const folder = servers.folderOf("neo4j");
  if (folder === null) return null;
  return untilQuiet(async () => folderBytes(join(folder, "data", "databases", "neo4j")));
}

function folderBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((one) => one.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** It puts its file in order when it ends. Other generations must not be there. */
async function mongoBytes(servers: BenchServers): Promise<number | null> {
  const folder = servers.folderOf("mongodb");
  if (folder === null) return null;
  let bytes = 0;
  await servers.restart("mongodb", async () => {
    bytes = statSync(join(folder, "data", "mongodb.mv.db")).size;
  });
  return bytes;
}
