import { PlatformError } from "../../platform/errors/catalogue.ts";
import { projections } from "../../projections/registry.ts";
import type { StoreVisit } from "../../projections/servers/server-stores.ts";
import {
  openStore,
  type StorePlace,
  type StoreServer,
  serverOf,
  visitServer,
} from "../../projections/stores.ts";
import { type Finding, fail, ok } from "./findings.ts";
import type { FoundGeneration } from "./stores.ts";

const VARIABLES: Readonly<Record<StoreServer, string>> = {
  influx: "CH_INFLUX_URL",
  mongo: "CH_MONGO_URL",
  neo4j: "CH_NEO4J_URL",
  postgres: "CH_POSTGRES_URL",
  redis: "CH_REDIS_URL",
};

interface Examined {
  readonly findings: readonly Finding[];
  readonly generations: readonly FoundGeneration[];
}

/** The servers that are configured: whether we can work with them, and the generations on them. */
export async function examineReadServers(place: StorePlace): Promise<Examined> {
  const findings: Finding[] = [];
  const generations: FoundGeneration[] = [];
  for (const [server, url] of Object.entries(place.servers) as [StoreServer, string | null][]) {
    if (url === null) continue;
    const examined = await examineServer(place, server, await visitServer(server, url, "doctor"));
    findings.push(...examined.findings);
    generations.push(...examined.generations);
  }
  return { findings, generations };
}

async function examineServer(
  place: StorePlace,
  server: StoreServer,
  visit: StoreVisit,
): Promise<Examined> {
  try {
    const version = await visit.requireSuitable();
    const generations = await foundOn(visit, place, server);
    return { findings: [ok(server, `${version} at ${visit.place}`)], generations };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const todo = remedy(error.code, VARIABLES[server]);
    return { findings: [fail(server, error.message, todo)], generations: [] };
  } finally {
    await visit.close();
  }
}

async function foundOn(
  visit: StoreVisit,
  place: StorePlace,
  server: StoreServer,
): Promise<FoundGeneration[]> {
  const found: FoundGeneration[] = [];
  for (const one of projections) {
    if (serverOf(one, place.servers)?.server !== server) continue;
    const { name: projection } = one.projection;
    for (const generation of await visit.generationsThere(projection)) {
      const open = () => openStore(place, projection, generation);
      found.push({ projection, generation, open });
    }
  }
  return found;
}

function remedy(code: string, variable: string): string {
  switch (code) {
    case "STORE_UNAVAILABLE":
      return `start it, or correct ${variable}; projections wait for it`;
    case "STORE_REFUSED":
      return `correct the login, the database or its rights in ${variable}`;
    case "STORE_UNSUITABLE":
      return "use a server as the error says";
    default:
      return "see the error";
  }
}
