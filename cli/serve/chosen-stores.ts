import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { projections } from "../../projections/registry.ts";
import { InfluxClient } from "../../projections/runner/influx-client.ts";
import { requireSuitableServer as requireSuitableInflux } from "../../projections/runner/influx-database.ts";
import { PostgresPool } from "../../projections/runner/postgres-pool.ts";
import { requireSuitableServer } from "../../projections/runner/postgres-schema.ts";
import { type StorePlace, type StoreServer, serverOf } from "../../projections/stores.ts";

/** Read models by where they stand, as it is printed when a process starts. */
export interface ChosenStore {
  /** `PostgreSQL 15.4 at 127.0.0.1:5432/cipherhorizon`, or `SQLite in ./folder`. */
  readonly store: string;
  readonly projections: readonly string[];
}

/**
 * What the configuration has chosen. A server that refuses us, or that we cannot work with, ends
 * the start; one that does not answer yet is waited for, by each projector in its own time.
 */
export async function chooseStores(place: StorePlace, logger: Logger): Promise<ChosenStore[]> {
  const byServer = Map.groupBy(projections, (one) => serverOf(one, place.servers)?.server ?? null);
  const namesOn = (server: StoreServer | null) => {
    return (byServer.get(server) ?? []).map(({ projection }) => projection.name);
  };
  const { influx, postgres } = place.servers;
  const onServers: ChosenStore[] = [];
  if (influx !== null) {
    onServers.push({ store: await influxName(influx, logger), projections: namesOn("influx") });
  }
  if (postgres !== null) {
    const store = await postgresName(postgres, logger);
    onServers.push({ store, projections: namesOn("postgres") });
  }
  return [...onServers, { store: `SQLite in ${place.folder}`, projections: namesOn(null) }];
}

async function influxName(url: string, logger: Logger): Promise<string> {
  const client = new InfluxClient({ url, connections: 1 });
  try {
    return await nameOf({ name: "InfluxDB", at: client.place, logger }, async () => {
      await client.command("SHOW DATABASES");
      return (await requireSuitableInflux(client)) ?? "";
    });
  } finally {
    client.close();
  }
}

async function postgresName(url: string, logger: Logger): Promise<string> {
  const pool = new PostgresPool({ url, name: "start", connections: 1 });
  try {
    return await nameOf({ name: "PostgreSQL", at: pool.place, logger }, () => {
      return requireSuitableServer(pool);
    });
  } finally {
    await pool.close();
  }
}

/** The store as it is printed, with the version that `askVersion` finds; "" where it names none. */
async function nameOf(
  { name, at, logger }: { readonly name: string; readonly at: string; readonly logger: Logger },
  askVersion: () => Promise<string>,
): Promise<string> {
  try {
    const version = await askVersion();
    return `${[name, version].join(" ").trim()} at ${at}`;
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "STORE_UNAVAILABLE") throw error;
    logger.warn({ error: error.message }, "a read store does not answer; it is waited for");
    return `${name} at ${at}, which does not answer yet`;
  }
}
