import { PlatformError } from "../../platform/errors/catalogue.ts";
import { projections } from "../../projections/registry.ts";
import { PostgresPool } from "../../projections/runner/postgres-pool.ts";
import {
  generationsThere,
  requireSuitableServer,
} from "../../projections/runner/postgres-schema.ts";
import { openStore, type StorePlace, serverOf } from "../../projections/stores.ts";
import { type Finding, fail, ok } from "./findings.ts";
import type { FoundGeneration } from "./stores.ts";

const REMEDIES: Readonly<Record<string, string>> = {
  STORE_UNAVAILABLE: "start it, or correct CH_POSTGRES_URL; projections wait for it",
  STORE_REFUSED: "correct the login, the database or its rights in CH_POSTGRES_URL",
  STORE_UNSUITABLE: "use a server as the error says",
};

/** The PostgreSQL that is configured: whether we can work with it, and the generations on it. */
export async function examinePostgres(place: StorePlace): Promise<{
  readonly findings: readonly Finding[];
  readonly generations: readonly FoundGeneration[];
}> {
  const { postgres } = place.servers;
  if (postgres === null) return { findings: [], generations: [] };
  const pool = new PostgresPool({ url: postgres, name: "doctor", connections: 1 });
  try {
    const version = await requireSuitableServer(pool);
    const generations = await foundOn(pool, place);
    return { findings: [ok("postgres", `${version} at ${pool.place}`)], generations };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const todo = REMEDIES[error.code] ?? "see the error";
    return { findings: [fail("postgres", error.message, todo)], generations: [] };
  } finally {
    await pool.close();
  }
}

async function foundOn(pool: PostgresPool, place: StorePlace): Promise<FoundGeneration[]> {
  const found: FoundGeneration[] = [];
  for (const one of projections) {
    if (serverOf(one, place.servers)?.server !== "postgres") continue;
    const { name: projection } = one.projection;
    for (const generation of await generationsThere(pool, projection)) {
      const open = () => openStore(place, projection, generation);
      found.push({ projection, generation, open });
    }
  }
  return found;
}
