/** Every projection, one line each: its pure part, the indexes that its readers need, and its server. */
import { equityCurve } from "./equity-curve/projection.ts";
import { indexes as equityCurveIndexes } from "./equity-curve/sqlite.ts";
import { indexes as portfolioIndexes } from "./portfolios/indexes.ts";
import { portfolios } from "./portfolios/projection.ts";
import { indexes as riskIndexes } from "./risk/indexes.ts";
import { risk } from "./risk/projection.ts";
import type { Projection } from "./runner/projection.ts";
import { social } from "./social/projection.ts";
import { indexes as socialIndexes } from "./social/sqlite.ts";
import type { SqliteIndex } from "./stores/sqlite/schema.ts";
import type { StoreServer } from "./stores.ts";
import { strategies } from "./strategies/projection.ts";
import { indexes as strategyIndexes } from "./strategies/sqlite.ts";
import { ticksAndCandles } from "./ticks-and-candles/projection.ts";
import { indexes as marketIndexes } from "./ticks-and-candles/sqlite.ts";

export interface RegisteredProjection {
  readonly projection: Projection;
  readonly indexes: readonly SqliteIndex[];
  /** The server that holds its read model where one is configured; else that is SQLite. */
  readonly server?: StoreServer;
}

export const projections: readonly RegisteredProjection[] = [
  { projection: equityCurve, indexes: equityCurveIndexes, server: "postgres" },
  { projection: portfolios, indexes: portfolioIndexes, server: "postgres" },
  { projection: risk, indexes: riskIndexes, server: "redis" },
  { projection: social, indexes: socialIndexes, server: "neo4j" },
  { projection: strategies, indexes: strategyIndexes, server: "mongo" },
  {
    projection: ticksAndCandles,
    indexes: marketIndexes,
    server: "influx",
  },
];

export const projectionNames: readonly string[] = projections.map(
  ({ projection }) => projection.name,
);

export function registeredProjection(name: string): RegisteredProjection {
  const found = projections.find(({ projection }) => projection.name === name);
  if (found === undefined) throw new RangeError(`no projection ${name} is registered`);
  return found;
}
