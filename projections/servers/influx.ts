import { InfluxClient } from "../stores/influx/client.ts";
import {
  dropDatabase,
  generationsThere,
  requireSuitableServer,
} from "../stores/influx/database.ts";
import type { InfluxShapes } from "../stores/influx/shape.ts";
import { InfluxReadStore } from "../stores/influx/store.ts";
import { generationSchema } from "../stores/postgres/schema.ts";
import { shapes as marketShapes } from "../ticks-and-candles/influx-shapes.ts";
import type { ServerStores } from "./server-stores.ts";

/** How the tables of a projection become points. */
const SHAPES: Readonly<Record<string, InfluxShapes>> = { "ticks-and-candles": marketShapes };

export const stores: ServerStores = {
  open: (url, { registered: { projection }, generation, reader }) => {
    const database = generationSchema(projection.name, generation);
    const shapes = SHAPES[projection.name];
    const parts = { url, database, projection, reader };
    return new InfluxReadStore({ ...parts, ...(shapes && { shapes }) });
  },
  dropper: (url) => {
    const client = new InfluxClient({ url, connections: 1 });
    return {
      drop: (name, generation) => dropDatabase(client, generationSchema(name, generation)),
      close: async () => client.close(),
    };
  },
  visit: (url) => {
    const client = new InfluxClient({ url, connections: 1 });
    return {
      product: "InfluxDB",
      place: client.place,
      requireSuitable: () => requireSuitableServer(client),
      generationsThere: (projection) => generationsThere(client, projection),
      close: async () => client.close(),
    };
  },
};
