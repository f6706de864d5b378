import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReadStore } from "../../../projections/runner/read-store.ts";
import { SqliteReadStore } from "../../../projections/runner/sqlite-store.ts";
import type { SqliteTextIndex } from "../../../projections/runner/sqlite-text-index.ts";
import { projection } from "./sample-projection.ts";

/** An adapter of the read-store port, as the contract suite and its child processes use it. */
export interface ReadStoreAdapter {
  /** The address of a new place for one generation that is not there yet. */
  newAddress(): string;
  /** Opens the generation of the sample projection; any process may. */
  open(address: string): ReadStore;
  remove(address: string): void;
}

/** Of the sample projection, in SQLite. */
export const namesIndex: SqliteTextIndex = { table: "accounts", wordsOf: "name" };

export function sqliteFile(folder: string): string {
  return join(folder, "read", "sample.g1.db");
}

export const readStoreAdapters = {
  sqlite: {
    newAddress: () => mkdtempSync(join(tmpdir(), "cipherhorizon-read-")),
    open: (folder) => {
      const indexes = [{ table: "accounts", columns: ["open", "count"] }, namesIndex];
      return new SqliteReadStore({ file: sqliteFile(folder), projection, indexes });
    },
    remove: (folder) => rmSync(folder, { recursive: true, force: true }),
  },
} satisfies Record<string, ReadStoreAdapter>;

export type ReadStoreAdapterName = keyof typeof readStoreAdapters;
