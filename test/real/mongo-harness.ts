import { randomUUID } from "node:crypto";
import type { Event } from "../../platform/kernel/decider.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import { MongoDatabase } from "../../projections/stores/mongo/database.ts";
import type { MongoQueries } from "../../projections/stores/mongo/query.ts";
import { MongoGeneration } from "../../projections/stores/mongo/reader.ts";
import { MongoReadStore } from "../../projections/stores/mongo/store.ts";
import type { MongoLayout } from "../../projections/stores/mongo/table.ts";
import { openHarness, type ReadModelHarness } from "../contracts/reader-harness.ts";
import { mongoUrl } from "./servers.ts";

const CONNECTIONS = 2;

/** Opens the projection in collections of its own. */
export function openMongoHarness<E extends Event, Reader>(parts: {
  readonly projection: Projection<E>;
  readonly layout: MongoLayout;
  readonly makeReader: (queries: MongoQueries) => Reader;
}): Promise<ReadModelHarness<E, Reader>> {
  const { projection, layout, makeReader } = parts;
  const url = mongoUrl();
  const run = randomUUID();
  const prefixOf = (build: string) => `test_${build}_${run}_`;
  const database = new MongoDatabase({ url, name: "reader test", connections: CONNECTIONS });
  const store = (build: string) => {
    return new MongoReadStore({ url, prefix: prefixOf(build), projection, layout });
  };
  return openHarness(projection, {
    store,
    reader: async (build) => {
      return new MongoGeneration({ database, prefix: prefixOf(build), makeReader });
    },
    remove: async () => {
      await database.close();
      const live = store("live");
      await live.drop();
      await live.close();
    },
  });
}
