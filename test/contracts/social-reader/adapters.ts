import { KeptRanking } from "../../../projections/social/kept-ranking.ts";
import { graph, Neo4jSocialReader } from "../../../projections/social/neo4j.ts";
import { social } from "../../../projections/social/projection.ts";
import { indexes, SqliteSocialReader } from "../../../projections/social/sqlite.ts";
import type { SocialReader } from "../../../projections/social/store.ts";
import type { Neo4jQueries } from "../../../projections/stores/neo4j/query.ts";
import type { SqliteQueries } from "../../../projections/stores/sqlite/query.ts";
import type { SocialEvent } from "../../../schemas/generated/social.ts";
import { openNeo4jHarness } from "../../real/neo4j-harness.ts";
import { openSqliteHarness, type ReadModelHarness } from "../reader-harness.ts";

export type Harness = ReadModelHarness<SocialEvent, SocialReader>;

/** Every adapter of the social reader, with the store that feeds it. */
export const socialAdapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: SqliteQueries) => new SqliteSocialReader(queries);
    return openSqliteHarness({ projection: social, indexes, makeReader });
  },
  neo4j: (): Promise<Harness> => {
    const ranking = new KeptRanking();
    const makeReader = (queries: Neo4jQueries) => new Neo4jSocialReader(queries, ranking);
    return openNeo4jHarness({ projection: social, graph, indexes, makeReader });
  },
};

export type SocialAdapterName = keyof typeof socialAdapters;
