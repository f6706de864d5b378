import { randomUUID } from "node:crypto";
import type { Event } from "../../platform/kernel/decider.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import type { TableIndex } from "../../projections/runner/stored-table.ts";
import type { Graph } from "../../projections/stores/neo4j/graph.ts";
import { Neo4jPool } from "../../projections/stores/neo4j/pool.ts";
import type { Neo4jQueries } from "../../projections/stores/neo4j/query.ts";
import { Neo4jGeneration } from "../../projections/stores/neo4j/reader.ts";
import { Neo4jReadStore } from "../../projections/stores/neo4j/store.ts";
import { openHarness, type ReadModelHarness } from "../contracts/reader-harness.ts";
import { neo4jUrl } from "./servers.ts";

const CONNECTIONS = 2;

/** Opens the projection in generations of its own. */
export function openNeo4jHarness<E extends Event, Reader>(parts: {
  readonly projection: Projection<E>;
  readonly graph: Graph;
  readonly indexes: readonly TableIndex[];
  readonly makeReader: (queries: Neo4jQueries) => Reader;
}): Promise<ReadModelHarness<E, Reader>> {
  const { projection, graph, indexes, makeReader } = parts;
  const url = neo4jUrl();
  const run = randomUUID();
  const generationOf = (build: string) => `test_${build}_${run}`;
  const pool = new Neo4jPool({ url, name: "reader test", connections: CONNECTIONS });
  const store = (build: string) => {
    return new Neo4jReadStore({ url, generation: generationOf(build), projection, graph, indexes });
  };
  return openHarness(projection, {
    store,
    reader: async (build) => {
      return new Neo4jGeneration({ pool, generation: generationOf(build), makeReader });
    },
    remove: async () => {
      await pool.close();
      const live = store("live");
      await live.drop();
      await live.close();
    },
  });
}
