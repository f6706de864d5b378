import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { MongoClient } from "mongodb";
import neo4j from "neo4j-driver";
import { Client } from "pg";
import type { Tables } from "../projections/runner/projection.ts";
import type { PositionedChange } from "../projections/runner/read-store.ts";
import { keyValues, quoted, type StoredTable } from "../projections/runner/stored-table.ts";
import { InfluxClient } from "../projections/stores/influx/client.ts";
import { linesOf } from "../projections/stores/influx/points.ts";
import { type ShapedTable, shapedTable } from "../projections/stores/influx/shape.ts";
import { arrayType } from "../projections/stores/postgres/table.ts";
import { RedisConnection } from "../projections/stores/redis/connection.ts";
import { rowKey, rowText } from "../projections/stores/redis/layout.ts";
import { createTableSql, pushValues, upsertSql } from "../projections/stores/sqlite/table.ts";
import type { StoreServer } from "../projections/stores.ts";
import { shapes } from "../projections/ticks-and-candles/influx-shapes.ts";

/** Of everything that is made here: no platform ever names a thing so. */
const NAME = "bench_raw";
/** More values of one command do not make Redis faster. */
const VALUES_OF_A_COMMAND = 1_000;

/**
 * Rows by their keys in the simplest shape a store has for them, by the client library that the
 * platform writes with, and nothing else: no checkpoint, no other index than the key.
 */
export interface RawStore {
  /** Makes place for rows of the table. */
  create(stored: StoredTable): Promise<void>;
  /** What writes these rows, whose keys differ, in one step. */
  prepare(stored: StoredTable, changes: readonly PositionedChange[]): () => Promise<unknown>;
  /** Removes what was made. */
  remove(): Promise<void>;
}

/** On a server, with the tables of the projection that it holds. */
type OpenRaw = (address: string, tables: Tables) => Promise<RawStore>;

export const RAW_STORES: Readonly<Record<StoreServer, OpenRaw>> = {
  postgres: rawPostgres,
  redis: rawRedis,
  influx: rawInflux,
  neo4j: rawNeo4j,
  mongo: rawMongo,
};

/** A statement for each row, all in one transaction. */
export function rawSqlite(file: string): RawStore {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  return {
    create: async (stored) => database.exec(createTableSql(stored)),
    prepare: (stored, changes) => {
      const statement = database.prepare(upsertSql(stored, 1));
      return async () => {
        database.exec("BEGIN");
        for (const { row, position, first = position } of changes) {
          const values: SQLInputValue[] = [];
          pushValues(values, stored, row);
          statement.run(...values, 1, position, ...(stored.keepsFirst ? [first] : []));
        }
        database.exec("COMMIT");
      };
    },
    remove: async () => database.close(),
  };
}

/** One statement that takes an array of each column. */
async function rawPostgres(address: string): Promise<RawStore> {
  const client = new Client({ connectionString: address });
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS ${NAME} CASCADE; CREATE SCHEMA ${NAME}`);
  return {
    create: async (stored) => {
      const { columns, keyColumns, name } = stored;
      const typed = columns.map((column, i) => {
        return `${quoted(column)} ${arrayType(stored, i).replace("[]", "")}`;
      });
      const key = `PRIMARY KEY (${keyColumns.map(quoted).join(", ")})`;
      await client.query(`CREATE TABLE ${NAME}.${quoted(name)} (${typed.join(", ")}, ${key})`);
    },
    prepare: (stored, changes) => {
      const values = stored.columns.map((column) => changes.map(({ row }) => row[column]));
      const text = upsertOfArrays(stored);
      return () => client.query({ name: stored.name, text, values });
    },
    remove: async () => {
      await client.query(`DROP SCHEMA ${NAME} CASCADE`);
      await client.end();
    },
  };
}

function upsertOfArrays(stored: StoredTable): string {
  const { name, columns, keyColumns } = stored;
  const arrays = columns.map((_, i) => `$${i + 1}::${arrayType(stored, i)}`);
  const others = columns.slice(keyColumns.length).map(quoted);
  const set = others.map((column) => `${column} = EXCLUDED.${column}`).join(", ");
  return `INSERT INTO ${NAME}.${quoted(name)} SELECT * FROM unnest(${arrays.join(", ")})
          ON CONFLICT (${keyColumns.map(quoted).join(", ")})
          DO ${set === "" ? "NOTHING" : `UPDATE SET ${set}`}`;
}

/** A hash for each table, a field for each row. */
async function rawRedis(url: string): Promise<RawStore> {
  const connection = new RedisConnection({ url, name: NAME });
  const made = new Set<string>();
  return {
    create: async ({ name }) => {
      made.add(`${NAME}:${name}`);
    },
    prepare: (stored, changes) => {
      const values = changes.flatMap((one) => [rowKey(stored, one.row), rowText(stored, one)]);
      const pieces = Array.from(
        { length: Math.ceil(values.length / VALUES_OF_A_COMMAND) },
        (_, i) => values.slice(i * VALUES_OF_A_COMMAND, (i + 1) * VALUES_OF_A_COMMAND),
      );
      const hash = `${NAME}:${stored.name}`;
      return () => Promise.all(pieces.map((piece) => connection.call("HSET", hash, ...piece)));
    },
    remove: async () => {
      await connection.call("UNLINK", ...made);
      await connection.close();
    },
  };
}

/** The lines that the platform writes, too, in one request. */
async function rawInflux(url: string, tables: Tables): Promise<RawStore> {
  const client = new InfluxClient({ url, connections: 1 });
  await client.command(`DROP DATABASE ${NAME}`);
  await client.command(`CREATE DATABASE ${NAME}`);
  const shaped = new Map<string, ShapedTable>(
    Object.entries(tables).map(([name, table]) => [name, shapedTable(name, table, shapes[name])]),
  );
  return {
    create: async () => undefined,
    prepare: (_, changes) => {
      const lines = linesOf(shaped, "any.events/0", changes).join("\n");
      return () => client.write(NAME, lines);
    },
    remove: async () => {
      await client.command(`DROP DATABASE ${NAME}`);
      client.close();
    },
  };
}

/** A node for each row, also where the platform has a relationship. */
async function rawNeo4j(url: string): Promise<RawStore> {
  const { username, password, host } = new URL(url);
  const login = neo4j.auth.basic(decodeURIComponent(username), decodeURIComponent(password));
  const driver = neo4j.driver(`bolt://${host}`, login);
  const labels: string[] = [];
  const labelOf = ({ name }: StoredTable) => `${NAME}_${name}`;
  return {
    create: async (stored) => {
      const label = labelOf(stored);
      labels.push(label);
      await driver.executeQuery(
        `CREATE CONSTRAINT ${label} IF NOT EXISTS FOR (n:${label}) REQUIRE n.key IS UNIQUE`,
      );
    },
    prepare: (stored, changes) => {
      const text = `UNWIND $rows AS row MERGE (n:${labelOf(stored)} {key: row.key}) SET n += row`;
      const rows = changes.map(({ row }) => ({ ...row, key: keyTextOf(stored, row) }));
      return () => driver.executeQuery(text, { rows });
    },
    remove: async () => {
      for (const label of labels) {
        const session = driver.session();
        await session.run(`MATCH (n:${label}) CALL (n) { DELETE n } IN TRANSACTIONS`);
        await session.run(`DROP CONSTRAINT ${label}`);
        await session.close();
      }
      await driver.close();
    },
  };
}

/** One request that replaces documents by their keys, in no order. */
async function rawMongo(url: string): Promise<RawStore> {
  const client = new MongoClient(url);
  const database = client.db();
  const collectionOf = ({ name }: StoredTable) => {
    return database.collection<{ _id: string }>(`${NAME}_${name}`);
  };
  const made: StoredTable[] = [];
  return {
    create: async (stored) => {
      made.push(stored);
    },
    prepare: (stored, changes) => {
      const writes = changes.map(({ row }) => {
        const filter = { _id: keyTextOf(stored, row) };
        return { replaceOne: { filter, replacement: { ...row }, upsert: true } };
      });
      return () => collectionOf(stored).bulkWrite(writes, { ordered: false });
    },
    remove: async () => {
      for (const stored of made) await collectionOf(stored).drop();
      await client.close();
    },
  };
}

function keyTextOf(stored: StoredTable, row: PositionedChange["row"]): string {
  return keyValues(stored, row).join("\0");
}
