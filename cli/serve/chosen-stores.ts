import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { projectionNames, projections } from "../../projections/registry.ts";
import { type StorePlace, type StoreServer, serverOf } from "../../projections/stores.ts";
import { openStoreVisit, type StoreVisit } from "../store-visit.ts";

/** Read models by where they stand, as it is printed when a process starts. */
export interface ChosenStore {
  /** `PostgreSQL 15.4 at 127.0.0.1:5432/cipherhorizon`, or `SQLite in ./folder`. */
  readonly store: string;
  readonly projections: readonly string[];
}

/**
 * What the configuration has chosen for the projections named. A server that refuses us, or that we
 * cannot work with, ends the start; one that does not answer yet is waited for, by each projector
 * in its own time.
 */
export async function chooseStores(
  place: StorePlace,
  logger: Logger,
  names: readonly string[] = projectionNames,
): Promise<ChosenStore[]> {
  const meant = projections.filter(({ projection }) => names.includes(projection.name));
  const byServer = Map.groupBy(meant, (one) => serverOf(one, place.servers)?.server ?? null);
  const namesOn = (server: StoreServer | null) => {
    return (byServer.get(server) ?? []).map(({ projection }) => projection.name);
  };
  const onServers: ChosenStore[] = [];
  for (const [server, url] of Object.entries(place.servers) as [StoreServer, string | null][]) {
    if (url === null || !byServer.has(server)) continue;
    const store = await serverName(openStoreVisit[server](url, "start"), logger);
    onServers.push({ store, projections: namesOn(server) });
  }
  if (!byServer.has(null)) return onServers;
  return [...onServers, { store: `SQLite in ${place.folder}`, projections: namesOn(null) }];
}

async function serverName(visit: StoreVisit, logger: Logger): Promise<string> {
  const { product, place } = visit;
  try {
    return `${product} ${await visit.requireSuitable()} at ${place}`;
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "STORE_UNAVAILABLE") throw error;
    logger.warn({ error: error.message }, "a read store does not answer; it is waited for");
    return `${product} at ${place}, which does not answer yet`;
  } finally {
    await visit.close();
  }
}
