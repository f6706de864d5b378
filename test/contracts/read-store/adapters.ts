import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generationPrefix } from "../../../projections/runner/mongo-schema.ts";
import { MongoReadStore } from "../../../projections/runner/mongo-store.ts";
import type { MongoLayout } from "../../../projections/runner/mongo-table.ts";
import { generationSchema } from "../../../projections/runner/postgres-schema.ts";
import { PostgresReadStore } from "../../../projections/runner/postgres-store.ts";
import type { ReadStore } from "../../../projections/runner/read-store.ts";
import { SqliteReadStore } from "../../../projections/runner/sqlite-store.ts";
import type { SqliteTextIndex } from "../../../projections/runner/sqlite-text-index.ts";
import { mongoUrl, postgresUrl } from "../../real/servers.ts";
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
  },
  postgres: {
    newAddress: () => generationSchema(`sample-${randomUUID()}`, 1),
    open: openInPostgres,
    remove: async (schema) => {
      const store = openInPostgres(schema);
      await store.drop();
      await store.close();
    },
    isAtomic: true,
  },
  mongo: {
    newAddress: () => generationPrefix(`sample-${randomUUID()}`, 1),
    open: openInMongo,
    remove: async (prefix) => {
      const store = openInMongo(prefix);
      await store.drop();
      await store.close();
    },
    // What the stand-in has not. On a replica set it is more than is asked for here.
    isAtomic: false,
  },
} satisfies Record<string, ReadStoreAdapter>;

function openInPostgres(schema: string): PostgresReadStore {
  return new PostgresReadStore({ url: postgresUrl(), schema, projection, indexes });
}

function openInMongo(prefix: string): MongoReadStore {
  return new MongoReadStore({ url: mongoUrl(), prefix, projection, layout });
}

const layout: MongoLayout = {
  indexes: [{ table: "accounts", fields: ["open", "_found.signs"] }],
  found: { accounts: ({ name }) => ({ signs: [...String(name)] }) },
};

export type ReadStoreAdapterName = keyof typeof readStoreAdapters;
