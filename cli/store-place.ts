import type { Config } from "../platform/config/config.ts";
import type { StorePlace } from "../projections/stores.ts";

/** Where the configuration puts the read models. */
export function storePlace(config: Config): StorePlace {
  const { dataFolder, influxUrl, postgresUrl, redisUrl } = config;
  const servers = { influx: influxUrl, postgres: postgresUrl, redis: redisUrl };
  return { folder: dataFolder, servers };
}
