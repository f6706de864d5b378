import type { EventReader } from "../platform/codec/codec.ts";
import type { CursorKey } from "../platform/http/cursor.ts";
import type { ReadinessCheck } from "../platform/http/health.ts";
import type { Route } from "../platform/http/route.ts";
import type { LogReader } from "../platform/log/log.ts";
import type { Logger } from "../platform/telemetry/logger.ts";
import type { PortfolioReader } from "../projections/portfolios/store.ts";
import type { MarketReader } from "../projections/ticks-and-candles/store.ts";
import { consoleRoutes } from "./console/routes.ts";
import { eventRoutes } from "./events/routes.ts";
import { portfolioRoutes } from "./portfolios/routes.ts";
import { projectionRoutes } from "./projections/routes.ts";
import type { OpenGeneration } from "./reading/generation-reader.ts";
import { LogEnds } from "./reading/log-ends.ts";
import { followPromotions } from "./reading/promotions.ts";
import { ReadModel } from "./reading/read-model.ts";
import { marketRoutes } from "./ticks-and-candles/routes.ts";

export interface QueryApiParts {
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly cursorKey: CursorKey;
  readonly clock: () => number;
  readonly logger: Logger;
  /** How to open a generation of each read model with a reader's login. */
  readonly readers: {
    readonly portfolios: OpenGeneration<PortfolioReader>;
    readonly "ticks-and-candles": OpenGeneration<MarketReader>;
  };
}

export interface QueryApi {
  readonly routes: readonly Route[];
  readonly checks: readonly ReadinessCheck[];
  /** Ends live streams, which would else hold their connections open. */
  endStreams(): void;
  /** Ends streams and closes the readers. */
  stop(): Promise<void>;
}

/** Follows promotions and answers queries; it never decides and never writes. */
export function startQueryApi(parts: QueryApiParts): QueryApi {
  const { log, codec, cursorKey, clock, readers, logger } = parts;
  const portfolios = new ReadModel("portfolios", readers.portfolios);
  const market = new ReadModel("ticks-and-candles", readers["ticks-and-candles"]);
  const models = [portfolios, market];
  const stopping = new AbortController();
  const { signal } = stopping;
  const { generations, ended } = followPromotions({ log, codec, logger, models, signal });
  const ends = new LogEnds(log);
  const queryParts = { log, ends, cursorKey, clock };
  const stores = models.map((model) => ({
    name: model.name,
    positionsOf: (generation: number) => positionsOf(readers[model.name], generation),
  }));
  return {
    routes: [
      ...portfolioRoutes(portfolios, queryParts),
      ...marketRoutes(market, queryParts),
      ...projectionRoutes({ stores, generations, ends }),
      ...eventRoutes({
        log,
        codec,
        isInstrument: async (id) => {
          const { result } = await market.read((reader) => reader.instrument(id));
          return result !== null;
        },
        signal,
      }),
      ...consoleRoutes(),
    ],
    checks: models.map((model) => ({
      name: model.name,
      check: async () => ((await model.isReadable()) ? null : "its read model is not there yet"),
    })),
    endStreams: () => stopping.abort(),
    stop: async () => {
      stopping.abort();
      await ended;
      await Promise.all(models.map((model) => model.close()));
    },
  };
}

async function positionsOf(open: OpenGeneration<unknown>, generation: number) {
  const reader = await open(generation);
  if (reader === null) return null;
  try {
    return await reader.positions();
  } finally {
    await reader.close();
  }
}
