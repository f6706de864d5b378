import { randomUUID } from "node:crypto";
import type { Event } from "../../platform/kernel/decider.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import type { TableIndex } from "../../projections/runner/stored-table.ts";
import { RedisConnection } from "../../projections/stores/redis/connection.ts";
import { generationPrefix } from "../../projections/stores/redis/layout.ts";
import { RedisGeneration, type RedisQueries } from "../../projections/stores/redis/reader.ts";
import { RedisReadStore } from "../../projections/stores/redis/store.ts";
import { openHarness, type ReadModelHarness } from "../contracts/reader-harness.ts";
import { redisUrl } from "./servers.ts";

/** Opens the projection under prefixes of its own. */
export function openRedisHarness<E extends Event, Reader>(parts: {
  readonly projection: Projection<E>;
  readonly indexes: readonly TableIndex[];
  readonly makeReader: (queries: RedisQueries) => Reader;
}): Promise<ReadModelHarness<E, Reader>> {
  const { projection, indexes, makeReader } = parts;
  const { tables } = projection;
  const url = redisUrl();
  const run = randomUUID();
  const prefixOf = (build: string) => generationPrefix(`test-${build}-${run}`, 1);
  const connection = new RedisConnection({ url, name: "reader test" });
  const store = (build: string) => {
    return new RedisReadStore({ url, prefix: prefixOf(build), projection, indexes });
  };
  return openHarness(projection, {
    store,
    reader: async (build) => {
      return new RedisGeneration({
        ...{ connection, prefix: prefixOf(build) },
        ...{ tables, indexes, makeReader },
      });
    },
    remove: async () => {
      await connection.close();
      const live = store("live");
      await live.drop();
      await live.close();
    },
  });
}
