import type { Config } from "../platform/config/config.ts";
import type { StorePlace } from "../projections/stores.ts";

/** Where the configuration puts the read models. */
export function storePlace({ dataFolder, postgresUrl, redisUrl }: Config): StorePlace {
  return { folder: dataFolder, servers: { postgres: postgresUrl, redis: redisUrl } };
}
