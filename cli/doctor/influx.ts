import { InfluxClient } from "../../projections/runner/influx-client.ts";
import {
  generationsThere,
  requireSuitableServer,
} from "../../projections/runner/influx-database.ts";
import type { StorePlace } from "../../projections/stores.ts";
import { type ExaminedServer, examineStoreServer, NO_SERVER } from "./store-server.ts";

/** The InfluxDB that is configured: whether we can work with it, and the generations on it. */
export async function examineInflux(place: StorePlace): Promise<ExaminedServer> {
  const { influx } = place.servers;
  if (influx === null) return NO_SERVER;
  const client = new InfluxClient({ url: influx, connections: 1 });
  return examineStoreServer(place, {
    server: "influx",
    variable: "CH_INFLUX_URL",
    at: client.place,
    requireSuitable: () => requireSuitableServer(client),
    generationsThere: (projection) => generationsThere(client, projection),
    close: async () => client.close(),
  });
}
