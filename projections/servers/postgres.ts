import { columnIndexes } from "../runner/stored-table.ts";
import { PostgresPool } from "../stores/postgres/pool.ts";
import { dropSchema, generationSchema } from "../stores/postgres/schema.ts";
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
};
