import { RedisConnection } from "../runner/redis-connection.ts";
import { generationPrefix } from "../runner/redis-layout.ts";
import { dropGeneration } from "../runner/redis-schema.ts";
import { RedisReadStore } from "../runner/redis-store.ts";
import { columnIndexes } from "../runner/stored-table.ts";
import type { ServerStores } from "./server-stores.ts";

export const stores: ServerStores = {
  open: (url, { registered: { projection, indexes }, generation }) => {
    const prefix = generationPrefix(projection.name, generation);
    return new RedisReadStore({ url, prefix, projection, indexes: columnIndexes(indexes) });
  },
  dropper: (url) => {
    const connection = new RedisConnection({ url, name: "dropper" });
    return {
      drop: (name, generation) => dropGeneration(connection, generationPrefix(name, generation)),
      close: () => connection.close(),
    };
  },
};
