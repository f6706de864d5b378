import { columnIndexes } from "../runner/stored-table.ts";
import { graph as socialGraph } from "../social/neo4j.ts";
import type { Graph } from "../stores/neo4j/graph.ts";
import { Neo4jPool } from "../stores/neo4j/pool.ts";
import {
  dropGeneration,
  generationSuffix,
  generationsThere,
  requireSuitableServer,
} from "../stores/neo4j/schema.ts";
import { Neo4jReadStore } from "../stores/neo4j/store.ts";
import type { ServerStores } from "./server-stores.ts";

/** Where the tables of a projection stand in a graph. */
const GRAPHS: Readonly<Record<string, Graph>> = { social: socialGraph };

export const stores: ServerStores = {
  open: (url, { registered: { projection, indexes }, generation: number }) => {
    const graph = GRAPHS[projection.name] ?? {};
    const generation = generationSuffix(projection.name, number);
    const parts = { url, generation, projection, graph };
    return new Neo4jReadStore({ ...parts, indexes: columnIndexes(indexes) });
  },
  dropper: (url) => {
    const pool = new Neo4jPool({ url, name: "dropper", connections: 1 });
    return {
      drop: (name, generation) => dropGeneration(pool, generationSuffix(name, generation)),
      close: () => pool.close(),
    };
  },
  visit: (url, name) => {
    const pool = new Neo4jPool({ url, name, connections: 1 });
    return {
      product: "Neo4j",
      place: pool.place,
      requireSuitable: () => requireSuitableServer(pool),
      generationsThere: (projection) => generationsThere(pool, projection),
      close: () => pool.close(),
    };
  },
};
