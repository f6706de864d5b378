import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { registeredProjection } from "../../projections/registry.ts";
import type { StoreVisit } from "../../projections/servers/server-stores.ts";
import {
  type StorePlace,
  type StoreServer,
  serverOf,
  visitServer,
} from "../../projections/stores.ts";

/** What one place holds, as it is printed when a process starts. */
export interface ChosenStore {
  /** `PostgreSQL 15.4 at 127.0.0.1:5432/cipherhorizon`, or `SQLite in ./folder`. */
  readonly store: string;
  readonly projections: readonly string[];
  readonly processManagers: readonly string[];
}

/** What this process reads or writes in stores. */
export type Kept = Omit<ChosenStore, "store">;

/**
 * What the configuration has chosen. A server that refuses us, or that we cannot work with, ends
 * the start; one that does not answer yet is waited for, by each in its own time.
 */
export async function chooseStores(
  place: StorePlace,
  kept: Kept,
  logger: Logger,
): Promise<ChosenStore[]> {
  const keptOn = (server: StoreServer | null): Kept => ({
    projections: kept.projections.filter((name) => {
      return (serverOf(registeredProjection(name), place.servers)?.server ?? null) === server;
    }),
    processManagers: kept.processManagers.filter(() => {
      return (place.servers.postgres === null ? null : "postgres") === server;
    }),
  });
  const onServers: ChosenStore[] = [];
  for (const [server, url] of Object.entries(place.servers) as [StoreServer, string | null][]) {
    const held = keptOn(server);
    if (url === null || namesOf(held).length === 0) continue;
    const store = await serverName(await visitServer(server, url, "start"), logger);
    onServers.push({ store, ...held });
  }
  const inFolder = keptOn(null);
  if (namesOf(inFolder).length === 0) return onServers;
  return [...onServers, { store: `SQLite in ${place.folder}`, ...inFolder }];
}

/** `portfolios, risk-assessment (process manager)` */
export function namesOf({ projections: names, processManagers }: Kept): readonly string[] {
  return [...names, ...processManagers.map((name) => `${name} (process manager)`)];
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
