import { rmSync } from "node:fs";
import { type RegisteredProjection, registeredProjection } from "./registry.ts";
import {
  generationFile,
  generationLockFile,
  removeGenerationFiles,
} from "./runner/generation-files.ts";
import { InfluxClient } from "./runner/influx-client.ts";
import { dropDatabase } from "./runner/influx-database.ts";
import { InfluxReadStore } from "./runner/influx-store.ts";
import { PostgresPool } from "./runner/postgres-pool.ts";
import { dropSchema, generationSchema } from "./runner/postgres-schema.ts";
import { PostgresReadStore } from "./runner/postgres-store.ts";
import type { ReadStore } from "./runner/read-store.ts";
import { SqliteReadStore } from "./runner/sqlite-store.ts";

/** Addresses of the servers that hold read models; null: SQLite holds what would be there. */
export interface StoreServers {
  readonly influx: string | null;
  readonly postgres: string | null;
}

export type StoreServer = keyof StoreServers;

/** Everything by which a process finds the read models. Its addresses hold logins: never log it. */
export interface StorePlace {
  /** The data folder. */
  readonly folder: string;
  readonly servers: StoreServers;
}

interface ServerPlace {
  readonly server: StoreServer;
  readonly address: string;
}

/** The server that holds a projection's read model; null: SQLite does. */
export function serverOf(
  { server }: RegisteredProjection,
  servers: StoreServers,
): ServerPlace | null {
  const address = server === undefined ? null : servers[server];
  return server === undefined || address === null ? null : { server, address };
}

/** The store of one generation; whoever opened it closes it. */
export function openStore(
  { folder, servers }: StorePlace,
  name: string,
  generation: number,
): ReadStore {
  const registered = registeredProjection(name);
  const { projection, indexes, shapes } = registered;
  const there = serverOf(registered, servers);
  if (there === null) {
    const file = generationFile(folder, name, generation);
    return new SqliteReadStore({ file, projection, indexes });
  }
  const { server, address: url } = there;
  const place = generationSchema(name, generation);
  switch (server) {
    case "influx":
      return new InfluxReadStore({ url, database: place, projection, ...(shapes && { shapes }) });
    case "postgres": {
      const ofColumns = indexes.filter((index) => "columns" in index);
      return new PostgresReadStore({ url, schema: place, projection, indexes: ofColumns });
    }
  }
}

/** Drops generations that nobody needs any more, on whichever store they are. */
export class GenerationDropper {
  readonly place: StorePlace;
  #postgres: PostgresPool | null = null;
  #influx: InfluxClient | null = null;

  constructor(place: StorePlace) {
    this.place = place;
  }

  /** Gives whether anything was there; harmless when it is gone. */
  async drop(name: string, generation: number): Promise<boolean> {
    const { folder, servers } = this.place;
    const there = serverOf(registeredProjection(name), servers);
    if (there === null) return removeGenerationFiles(folder, name, generation);
    const wasThere = await this.#dropOn(there, generationSchema(name, generation));
    rmSync(generationLockFile(folder, name, generation), { force: true });
    return wasThere;
  }

  async close(): Promise<void> {
    await this.#postgres?.close();
    this.#influx?.close();
  }

  /** However many there are, they go one after the other. */
  #dropOn({ server, address: url }: ServerPlace, place: string): Promise<boolean> {
    switch (server) {
      case "influx":
        this.#influx ??= new InfluxClient({ url, connections: 1 });
        return dropDatabase(this.#influx, place);
      case "postgres":
        this.#postgres ??= new PostgresPool({ url, name: "dropper", connections: 1 });
        return dropSchema(this.#postgres, place);
    }
  }
}
