import type { Config } from "../platform/config/config.ts";
import type { StorePlace } from "../projections/stores.ts";

/** Where the configuration puts the read models. */
export function storePlace(config: Config): StorePlace {
  const { dataFolder, mongoUrl, neo4jUrl, postgresUrl, redisUrl } = config;
  return {
    folder: dataFolder,
    servers: { mongo: mongoUrl, neo4j: neo4jUrl, postgres: postgresUrl, redis: redisUrl },
  };
}
