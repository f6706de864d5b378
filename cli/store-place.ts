import type { Config } from "../platform/config/config.ts";
import type { StorePlace } from "../projections/stores.ts";

/** Where the configuration puts the read models. */
export function storePlace({ dataFolder, mongoUrl, postgresUrl, redisUrl }: Config): StorePlace {
  const servers = { mongo: mongoUrl, postgres: postgresUrl, redis: redisUrl };
  return { folder: dataFolder, servers };
}
