import type { Config } from "../platform/config/config.ts";
import type { StorePlace } from "../projections/stores.ts";

/** Where the configuration puts the read models. */
export function storePlace({ dataFolder, neo4jUrl, postgresUrl, redisUrl }: Config): StorePlace {
  return {
    folder: dataFolder,
    servers: { neo4j: neo4jUrl, postgres: postgresUrl, redis: redisUrl },
  };
}
