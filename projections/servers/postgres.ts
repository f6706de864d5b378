import { columnIndexes } from "../runner/stored-table.ts";
import { PostgresPool } from "../stores/postgres/pool.ts";
import {
  dropSchema,
  generationSchema,
  generationsThere,
  requireSuitableServer,
} from "../stores/postgres/schema.ts";
import { PostgresReadStore } from "../stores/postgres/store.ts";
import type { ServerStores } from "./server-stores.ts";

export const stores: ServerStores = {
  open: (url, { registered: { projection, indexes }, generation }) => {
    const schema = generationSchema(projection.name, generation);
    return new PostgresReadStore({ url, schema, projection, indexes: columnIndexes(indexes) });
  },
  dropper: (url) => {
    const pool = new PostgresPool({ url, name: "dropper", connections: 1 });
    return {
      drop: (name, generation) => dropSchema(pool, generationSchema(name, generation)),
      close: () => pool.close(),
    };
  },
  visit: (url, name) => {
    const pool = new PostgresPool({ url, name, connections: 1 });
    return {
      product: "PostgreSQL",
      place: pool.place,
      requireSuitable: () => requireSuitableServer(pool),
      generationsThere: (projection) => generationsThere(pool, projection),
      close: () => pool.close(),
    };
  },
};
