import { registeredProjection } from "../../../projections/registry.ts";
import { RedisRiskReader } from "../../../projections/risk/redis.ts";
import { columnIndexes } from "../../../projections/runner/stored-table.ts";
import { RedisConnection } from "../../../projections/stores/redis/connection.ts";
import { generationPrefix } from "../../../projections/stores/redis/layout.ts";
import {
  openRedisGeneration,
  type RedisQueries,
} from "../../../projections/stores/redis/reader.ts";
import type { ServerReaders } from "./server-readers.ts";

export function openRedisReaders(url: string): ServerReaders {
  const connection = new RedisConnection({ url, name: "queries" });
  const { projection, indexes: all } = registeredProjection("risk");
  const { tables } = projection;
  const indexes = columnIndexes(all);
  const makeReader = (queries: RedisQueries) => new RedisRiskReader(queries);
  return {
    readers: {
      risk: (generation) => {
        const prefix = generationPrefix("risk", generation);
        return openRedisGeneration({ connection, prefix, tables, indexes, makeReader });
      },
    },
    close: () => connection.close(),
  };
}
