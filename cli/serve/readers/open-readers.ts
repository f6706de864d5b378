import { registeredProjection } from "../../../projections/registry.ts";
import { type StorePlace, type StoreServer, serverOf } from "../../../projections/stores.ts";
import { measuredReaders } from "../../../query-api/reading/measured-reader.ts";
import type { Openers, ServerReaders } from "./server-readers.ts";
import { sqliteReaders } from "./sqlite.ts";

/** A driver is loaded only where its server is configured: all of them take a while, and memory. */
const SERVERS: Readonly<Record<StoreServer, (url: string) => Promise<ServerReaders>>> = {
  influx: async (url) => (await import("./influx.ts")).openInfluxReaders(url),
  mongo: async (url) => (await import("./mongo.ts")).openMongoReaders(url),
  neo4j: async (url) => (await import("./neo4j.ts")).openNeo4jReaders(url),
  postgres: async (url) => (await import("./postgres.ts")).openPostgresReaders(url),
  redis: async (url) => (await import("./redis.ts")).openRedisReaders(url),
};

export interface OpenedReaders {
  readonly readers: Openers;
  /** After the last generation was closed. */
  close(): Promise<void>;
}

/** The readers of each read model, on the store where that stands. */
export async function openReaders(place: StorePlace): Promise<OpenedReaders> {
  const opened: ServerReaders[] = [];
  for (const server of Object.keys(SERVERS) as StoreServer[]) {
    const address = place.servers[server];
    if (address !== null) opened.push(await SERVERS[server](address));
  }
  const onServers: Partial<Openers> = Object.assign({}, ...opened.map(({ readers }) => readers));
  return {
    readers: measured({ ...sqliteReaders(place.folder), ...onServers }, place),
    close: async () => {
      for (const one of opened) await one.close();
    },
  };
}

function measured(openers: Openers, { servers }: StorePlace): Openers {
  const all = Object.entries(openers).map(([projection, open]) => {
    const server = serverOf(registeredProjection(projection), servers)?.server ?? "sqlite";
    // What measures does not look into the reader; each keeps the type that it had.
    return [projection, measuredReaders<unknown>(open, { server, projection })];
  });
  return Object.fromEntries(all) as Openers;
}
