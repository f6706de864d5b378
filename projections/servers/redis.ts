import { columnIndexes } from "../runner/stored-table.ts";
import { RedisConnection } from "../stores/redis/connection.ts";
import { generationPrefix } from "../stores/redis/layout.ts";
import { dropGeneration, generationsThere, requireSuitableServer } from "../stores/redis/schema.ts";
import { RedisReadStore } from "../stores/redis/store.ts";
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
  visit: (url, name) => {
    const connection = new RedisConnection({ url, name });
    return {
      product: "Redis",
      place: connection.place,
      requireSuitable: () => requireSuitableServer(connection),
      generationsThere: (projection) => generationsThere(connection, projection),
      close: () => connection.close(),
    };
  },
};
