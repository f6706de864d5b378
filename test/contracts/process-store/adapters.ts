import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresProcessStore } from "../../../command-side/process-managers/postgres-process-store.ts";
import type { ProcessStore } from "../../../command-side/process-managers/process-store.ts";
import { SqliteProcessStore } from "../../../command-side/process-managers/sqlite-process-store.ts";
import { persist } from "../../../projections/runner/persist.ts";
import type { Projection } from "../../../projections/runner/projection.ts";
import { postgresUrl } from "../../real/servers.ts";

/** Where the store of one manager is; another process finds it there, too. */
export type ProcessStoreAt =
  | { readonly adapter: "sqlite"; readonly folder: string }
  | { readonly adapter: "postgres"; readonly schema: string };

export type ProcessStoreAdapter = ProcessStoreAt["adapter"];

/** A place without a store. */
export function newProcessStoreAt(adapter: ProcessStoreAdapter): ProcessStoreAt {
  if (adapter === "postgres") return { adapter, schema: `test_processes_${randomUUID()}` };
  return { adapter, folder: mkdtempSync(join(tmpdir(), "cipherhorizon-process-store-")) };
}

export function processStoreAt(at: ProcessStoreAt, projection: Projection): ProcessStore {
  if (at.adapter === "postgres") {
    return new PostgresProcessStore({ url: postgresUrl(), schema: at.schema, projection });
  }
  return new SqliteProcessStore({ file: join(at.folder, "manager.db"), projection });
}

/** Loses the store with all that is in it; harmless when it is gone. A busy server is waited for. */
export async function loseProcessStore(at: ProcessStoreAt, projection: Projection): Promise<void> {
  const store = processStoreAt(at, projection);
  const { signal } = new AbortController();
  await persist("drop", () => store.drop(), { signal, onTrouble: () => undefined });
  await store.close();
}

export function removeProcessStoreAt(at: ProcessStoreAt): void {
  if (at.adapter === "sqlite") rmSync(at.folder, { recursive: true, force: true });
}
