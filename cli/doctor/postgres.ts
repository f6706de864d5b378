import { PostgresPool } from "../../projections/runner/postgres-pool.ts";
import {
  generationsThere,
  requireSuitableServer,
} from "../../projections/runner/postgres-schema.ts";
import type { StorePlace } from "../../projections/stores.ts";
import { type ExaminedServer, examineStoreServer, NO_SERVER } from "./store-server.ts";

/** The PostgreSQL that is configured: whether we can work with it, and the generations on it. */
export async function examinePostgres(place: StorePlace): Promise<ExaminedServer> {
  const { postgres } = place.servers;
  if (postgres === null) return NO_SERVER;
  const pool = new PostgresPool({ url: postgres, name: "doctor", connections: 1 });
  return examineStoreServer(place, {
    server: "postgres",
    variable: "CH_POSTGRES_URL",
    at: pool.place,
    requireSuitable: () => requireSuitableServer(pool),
    generationsThere: (projection) => generationsThere(pool, projection),
    close: () => pool.close(),
  });
}
