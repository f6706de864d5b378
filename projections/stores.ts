import { rmSync } from "node:fs";
import { type RegisteredProjection, registeredProjection } from "./registry.ts";
import {
  generationFile,
  generationLockFile,
  removeGenerationFiles,
} from "./runner/generation-files.ts";
import { measuredStore } from "./runner/measured-store.ts";
import type { Tables } from "./runner/projection.ts";
import type { ReadStore } from "./runner/read-store.ts";
import type { ServerDropper, ServerStores, StoreVisit } from "./servers/server-stores.ts";
import { SqliteReadStore } from "./stores/sqlite/store.ts";

/** Addresses of the servers that hold read models; null: SQLite holds what would be there. */
export interface StoreServers {
  readonly influx: string | null;
  readonly mongo: string | null;
  readonly neo4j: string | null;
  readonly postgres: string | null;
  readonly redis: string | null;
}

/** Everything in the data folder. */
export const NO_SERVERS: StoreServers = {
  influx: null,
  mongo: null,
  neo4j: null,
  postgres: null,
  redis: null,
};

export type StoreServer = keyof StoreServers;

/** Everything by which a process finds the read models. Its addresses hold logins: never log it. */
export interface StorePlace {
  /** The data folder. */
  readonly folder: string;
  readonly servers: StoreServers;
  /** Who may read what is made on InfluxDB; null: whoever made it. */
  readonly influxReader?: string | null;
}

/** The server that holds a projection's read model; null: SQLite does. */
export function serverOf(
  { server }: RegisteredProjection,
  servers: StoreServers,
): { readonly server: StoreServer; readonly address: string } | null {
  const address = server === undefined ? null : servers[server];
  return server === undefined || address === null ? null : { server, address };
}

const servers: Readonly<Record<StoreServer, () => Promise<{ readonly stores: ServerStores }>>> = {
  influx: () => import("./servers/influx.ts"),
  mongo: () => import("./servers/mongo.ts"),
  neo4j: () => import("./servers/neo4j.ts"),
  postgres: () => import("./servers/postgres.ts"),
  redis: () => import("./servers/redis.ts"),
};

/**
 * The store of one generation; whoever opened it closes it. `tables`: those to be read back, where
 * not all of them are, or not by all of their columns.
 */
export async function openStore(
  place: StorePlace,
  name: string,
  generation: number,
  tables?: Tables,
): Promise<ReadStore> {
  const all = registeredProjection(name);
  const registered = tables === undefined ? all : readingOnly(all, tables);
  const there = serverOf(registered, place.servers);
  if (there === null) {
    const { projection, indexes } = registered;
    const file = generationFile(place.folder, name, generation);
    const store = new SqliteReadStore({ file, projection, indexes });
    return measuredStore(store, { server: "sqlite", projection: name });
  }
  const { stores } = await servers[there.server]();
  const reader = place.influxReader ?? null;
  const store = stores.open(there.address, { registered, generation, reader });
  return measuredStore(store, { server: there.server, projection: name });
}

/** Without indexes, which may be of what is left out. */
function readingOnly(registered: RegisteredProjection, tables: Tables): RegisteredProjection {
  return { ...registered, projection: { ...registered.projection, tables }, indexes: [] };
}

/** Whoever opened it closes it. `name`: of the visitor, as the server is told. */
export async function visitServer(
  server: StoreServer,
  address: string,
  name: string,
): Promise<StoreVisit> {
  return (await servers[server]()).stores.visit(address, name);
}

/** Drops generations that nobody needs any more, on whichever store they are. */
export class GenerationDropper {
  readonly place: StorePlace;
  readonly #droppers = new Map<StoreServer, Promise<ServerDropper>>();

  constructor(place: StorePlace) {
    this.place = place;
  }

  /** Gives whether anything was there; harmless when it is gone. */
  async drop(name: string, generation: number): Promise<boolean> {
    const { folder, servers: addresses } = this.place;
    const there = serverOf(registeredProjection(name), addresses);
    if (there === null) return removeGenerationFiles(folder, name, generation);
    const dropper = await this.#dropperOn(there.server, there.address);
    const wasThere = await dropper.drop(name, generation);
    rmSync(generationLockFile(folder, name, generation), { force: true });
    return wasThere;
  }

  async close(): Promise<void> {
    for (const dropper of this.#droppers.values()) await (await dropper).close();
  }

  #dropperOn(server: StoreServer, address: string): Promise<ServerDropper> {
    const known = this.#droppers.get(server);
    if (known !== undefined) return known;
    const opened = servers[server]().then(({ stores }) => stores.dropper(address));
    this.#droppers.set(server, opened);
    return opened;
  }
}
