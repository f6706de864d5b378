import { PlatformError } from "../../platform/errors/catalogue.ts";
import { projections } from "../../projections/registry.ts";
import {
  openStore,
  type StorePlace,
  type StoreServer,
  serverOf,
} from "../../projections/stores.ts";
import { type Finding, fail, ok } from "./findings.ts";
import type { FoundGeneration } from "./stores.ts";

/** A connection to a server of read models, for a look at it. */
export interface StoreVisit {
  readonly server: StoreServer;
  /** The variable with its address. */
  readonly variable: string;
  /** Where it is, without the login. */
  readonly at: string;
  /** Gives its version, where we can work with it. */
  requireSuitable(): Promise<string>;
  /** The generations of a projection that stand there. */
  generationsThere(projection: string): Promise<readonly number[]>;
  close(): Promise<void>;
}

export interface ExaminedServer {
  readonly findings: readonly Finding[];
  readonly generations: readonly FoundGeneration[];
}

/** Where no such server is configured. */
export const NO_SERVER: ExaminedServer = { findings: [], generations: [] };

/** Whether we can work with the server, and the generations on it. */
export async function examineStoreServer(
  place: StorePlace,
  visit: StoreVisit,
): Promise<ExaminedServer> {
  const { server, at } = visit;
  try {
    const version = await visit.requireSuitable();
    const generations = await foundOn(place, visit);
    return { findings: [ok(server, `${version} at ${at}`)], generations };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { findings: [fail(server, error.message, remedyOf(error, visit))], generations: [] };
  } finally {
    await visit.close();
  }
}

function remedyOf({ code }: PlatformError, { variable }: StoreVisit): string {
  const remedies: Readonly<Record<string, string>> = {
    STORE_UNAVAILABLE: `start it, or correct ${variable}; projections wait for it`,
    STORE_REFUSED: `correct the login, the database or its rights in ${variable}`,
    STORE_UNSUITABLE: "use a server as the error says",
  };
  return remedies[code] ?? "see the error";
}

async function foundOn(place: StorePlace, visit: StoreVisit): Promise<FoundGeneration[]> {
  const found: FoundGeneration[] = [];
  for (const one of projections) {
    if (serverOf(one, place.servers)?.server !== visit.server) continue;
    const { name: projection } = one.projection;
    for (const generation of await visit.generationsThere(projection)) {
      const open = () => openStore(place, projection, generation);
      found.push({ projection, generation, open });
    }
  }
  return found;
}
