import { randomUUID } from "node:crypto";
import type { Event } from "../../platform/kernel/decider.ts";
import { InfluxClient } from "../../projections/runner/influx-client.ts";
import { InfluxGeneration } from "../../projections/runner/influx-reader.ts";
import type { InfluxShapes } from "../../projections/runner/influx-shape.ts";
import { InfluxReadStore } from "../../projections/runner/influx-store.ts";
import type { InfluxVersions } from "../../projections/runner/influx-versions.ts";
import { generationSchema } from "../../projections/runner/postgres-schema.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import { openHarness, type ReadModelHarness } from "../contracts/reader-harness.ts";
import { influxUrl } from "./servers.ts";

const CONNECTIONS = 2;

/** Opens the projection in databases of its own. */
export function openInfluxHarness<E extends Event, Reader>(parts: {
  readonly projection: Projection<E>;
  readonly shapes: InfluxShapes;
  readonly makeReader: (versions: InfluxVersions) => Reader;
}): Promise<ReadModelHarness<E, Reader>> {
  const { projection, shapes, makeReader } = parts;
  const url = influxUrl();
  const run = randomUUID();
  const databaseOf = (build: string) => generationSchema(`test-${build}-${run}`, 1);
  const client = new InfluxClient({ url, connections: CONNECTIONS });
  const store = (build: string) => {
    return new InfluxReadStore({ url, database: databaseOf(build), projection, shapes });
  };
  return openHarness(projection, {
    store,
    reader: async (build) => {
      return new InfluxGeneration({ client, database: databaseOf(build), makeReader });
    },
    remove: async () => {
      client.close();
      const live = store("live");
      await live.drop();
      await live.close();
    },
  });
}
