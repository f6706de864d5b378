import { join } from "node:path";
import type { ProcessStore } from "../../command-side/process-managers/process-store.ts";
import { SqliteProcessStore } from "../../command-side/process-managers/sqlite-process-store.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import type { StorePlace } from "../../projections/stores.ts";

/**
 * Where a process manager keeps its state and its outbox: in PostgreSQL, whose driver is loaded
 * only where an address is configured, else in the data folder. Whoever opened it closes it.
 */
export async function openProcessStore(
  { folder, servers: { postgres: url } }: StorePlace,
  projection: Projection,
): Promise<ProcessStore> {
  if (url === null) {
    const file = join(folder, "processes", `${projection.name}.db`);
    return new SqliteProcessStore({ file, projection });
  }
  const { PostgresProcessStore, processSchema } = await import(
    "../../command-side/process-managers/postgres-process-store.ts"
  );
  return new PostgresProcessStore({ url, schema: processSchema(projection.name), projection });
}
