import { MongoDatabase } from "../../../projections/stores/mongo/database.ts";
import type { MongoQueries } from "../../../projections/stores/mongo/query.ts";
import { openMongoGeneration } from "../../../projections/stores/mongo/reader.ts";
import { collectionPrefix } from "../../../projections/stores/mongo/schema.ts";
import { MongoStrategyReader } from "../../../projections/strategies/mongo.ts";
import { QUERY_CONNECTIONS, type ServerReaders } from "./server-readers.ts";

export function openMongoReaders(url: string): ServerReaders {
  const database = new MongoDatabase({ url, name: "queries", connections: QUERY_CONNECTIONS });
  const makeReader = (queries: MongoQueries) => new MongoStrategyReader(queries);
  return {
    readers: {
      strategies: (generation) => {
        const prefix = collectionPrefix("strategies", generation);
        return openMongoGeneration({ database, prefix, makeReader });
      },
    },
    close: () => database.close(),
  };
}
