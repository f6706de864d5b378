import { randomUUID } from "node:crypto";
import type { Event } from "../../platform/kernel/decider.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import type { TableIndex } from "../../projections/runner/stored-table.ts";
import { PostgresPool } from "../../projections/stores/postgres/pool.ts";
import type { PostgresQueries } from "../../projections/stores/postgres/query.ts";
import { PostgresGeneration } from "../../projections/stores/postgres/reader.ts";
import { PostgresReadStore } from "../../projections/stores/postgres/store.ts";
import { openHarness, type ReadModelHarness } from "../contracts/reader-harness.ts";
import { postgresUrl } from "./servers.ts";

const CONNECTIONS = 2;

/** Opens the projection in schemas of its own. */
export function openPostgresHarness<E extends Event, Reader>(parts: {
  readonly projection: Projection<E>;
  readonly indexes: readonly TableIndex[];
  readonly makeReader: (queries: PostgresQueries) => Reader;
}): Promise<ReadModelHarness<E, Reader>> {
  const { projection, indexes, makeReader } = parts;
  const url = postgresUrl();
  const run = randomUUID();
  const schemaOf = (build: string) => `test_${build}_${run}`;
  const pool = new PostgresPool({ url, name: "reader test", connections: CONNECTIONS });
  const store = (build: string) => {
    return new PostgresReadStore({ url, schema: schemaOf(build), projection, indexes });
  };
  return openHarness(projection, {
    store,
    reader: async (build) => new PostgresGeneration({ pool, schema: schemaOf(build), makeReader }),
    remove: async () => {
      await pool.close();
      const live = store("live");
      await live.drop();
      await live.close();
    },
  });
}
