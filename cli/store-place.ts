import type { Config } from "../platform/config/config.ts";
import type { StorePlace } from "../projections/stores.ts";

/** Where the configuration puts the read models. */
export function storePlace({ dataFolder, influxUrl, postgresUrl }: Config): StorePlace {
  return { folder: dataFolder, servers: { influx: influxUrl, postgres: postgresUrl } };
}
