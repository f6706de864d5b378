import { randomUUID } from "node:crypto";
import type { Event } from "../../platform/kernel/decider.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import { InfluxClient } from "../../projections/stores/influx/client.ts";
import {
  InfluxGeneration,
  type InfluxReaderMaker,
} from "../../projections/stores/influx/reader.ts";
import type { InfluxShapes } from "../../projections/stores/influx/shape.ts";
import { InfluxReadStore } from "../../projections/stores/influx/store.ts";
import { generationSchema } from "../../projections/stores/postgres/schema.ts";
import { openHarness, type ReadModelHarness } from "../contracts/reader-harness.ts";
import { influxUrl } from "./servers.ts";

const CONNECTIONS = 2;

/** Opens the projection in databases of its own. */
export function openInfluxHarness<E extends Event, Reader>(parts: {
  readonly projection: Projection<E>;
  readonly shapes: InfluxShapes;
  readonly readerMaker: InfluxReaderMaker<Reader>;
}): Promise<ReadModelHarness<E, Reader>> {
  const { projection, shapes, readerMaker } = parts;
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
      return new InfluxGeneration({ client, database: databaseOf(build), readerMaker });
    },
    remove: async () => {
      client.close();
      const live = store("live");
      await live.drop();
      await live.close();
    },
  });
}
