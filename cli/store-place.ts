import type { Config } from "../platform/config/config.ts";
import type { StorePlace } from "../projections/stores.ts";

/** Where the configuration puts the read models. */
export function storePlace(config: Config): StorePlace {
  const { dataFolder: folder, influxUrl, mongoUrl, neo4jUrl, postgresUrl, redisUrl } = config;
  return {
    folder,
    influxReader: config.influxReader,
    servers: {
      influx: influxUrl,
      mongo: mongoUrl,
      neo4j: neo4jUrl,
      postgres: postgresUrl,
      redis: redisUrl,
    },
  };
}
