import { KeptRanking } from "../../../projections/social/kept-ranking.ts";
import { Neo4jSocialReader } from "../../../projections/social/neo4j.ts";
import { Neo4jPool } from "../../../projections/stores/neo4j/pool.ts";
import type { Neo4jQueries } from "../../../projections/stores/neo4j/query.ts";
import { openNeo4jGeneration } from "../../../projections/stores/neo4j/reader.ts";
import { generationSuffix } from "../../../projections/stores/neo4j/schema.ts";
import { QUERY_CONNECTIONS, type ServerReaders } from "./server-readers.ts";

export function openNeo4jReaders(url: string): ServerReaders {
  const pool = new Neo4jPool({ url, name: "queries", connections: QUERY_CONNECTIONS });
  const ranking = new KeptRanking();
  const makeReader = (queries: Neo4jQueries) => new Neo4jSocialReader(queries, ranking);
  return {
    readers: {
      social: (number) => {
        const generation = generationSuffix("social", number);
        return openNeo4jGeneration({ pool, generation, makeReader });
      },
    },
    close: () => pool.close(),
  };
}
