import { MongoDatabase } from "../stores/mongo/database.ts";
import { collectionPrefix, dropCollections, generationsThere } from "../stores/mongo/schema.ts";
import { MongoReadStore } from "../stores/mongo/store.ts";
import { type MongoLayout, NO_LAYOUT } from "../stores/mongo/table.ts";
import { layout as strategyLayout } from "../strategies/mongo.ts";
import type { ServerStores } from "./server-stores.ts";

/** What of a projection is found by indexes. */
const LAYOUTS: Readonly<Record<string, MongoLayout>> = { strategies: strategyLayout };

export const stores: ServerStores = {
  open: (url, { registered: { projection }, generation }) => {
    const layout = LAYOUTS[projection.name] ?? NO_LAYOUT;
    const prefix = collectionPrefix(projection.name, generation);
    return new MongoReadStore({ url, prefix, projection, layout });
  },
  dropper: (url) => {
    const database = new MongoDatabase({ url, name: "dropper", connections: 1 });
    return {
      drop: (name, generation) => dropCollections(database, collectionPrefix(name, generation)),
      close: () => database.close(),
    };
  },
  visit: (url, name) => {
    const database = new MongoDatabase({ url, name, connections: 1 });
    return {
      product: "MongoDB",
      place: database.place,
      requireSuitable: async () => (await database.requireSuitableServer()).version,
      generationsThere: (projection) => generationsThere(database, projection),
      close: () => database.close(),
    };
  },
};
