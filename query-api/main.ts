import type { EventReader } from "../platform/codec/codec.ts";
import type { CursorKey } from "../platform/http/cursor.ts";
import type { ReadinessCheck } from "../platform/http/health.ts";
import type { Route } from "../platform/http/route.ts";
import type { LogReader } from "../platform/log/log.ts";
import type { LogPlace } from "../platform/log/places.ts";
import type { Logger } from "../platform/telemetry/logger.ts";
import { registeredProjection } from "../projections/registry.ts";
import type { ParkedStreams } from "../projections/runner/parked-streams.ts";
import { PastBuilder } from "./as-of/builder.ts";
import { PastReadModels } from "./as-of/past.ts";
import { PastGenerations } from "./as-of/past-generations.ts";
import { consoleRoutes } from "./console/routes.ts";
import { eventRoutes } from "./events/routes.ts";
import { eventGuard } from "./events/who-may-read.ts";
import { explainRoute, type OpenRows } from "./projections/explain.ts";
import type { Feeders } from "./projections/parts.ts";
import { projectionRoutes } from "./projections/routes.ts";
import type { GenerationReader, OpenGeneration } from "./reading/generation-reader.ts";
import { LogEnds } from "./reading/log-ends.ts";
import { NextTimes } from "./reading/next-times.ts";
import { followPromotions } from "./reading/promotions.ts";
import { ReadModel } from "./reading/read-model.ts";
import {
  type Models,
  type Readers,
  readModelNames,
  readModelRoutes,
  readModelTopics,
} from "./registry.ts";

export interface QueryApiParts {
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly cursorKey: CursorKey;
  readonly clock: () => number;
  readonly logger: Logger;
  /** How to open a generation of each read model with a reader's login. */
  readonly readers: { readonly [Name in keyof Readers]: OpenGeneration<Readers[Name]> };
  /** Opens a generation for the rows of its tables, with a reader's login, too. */
  readonly openRows: OpenRows;
  readonly feeders: Feeders;
  readonly asOf: AsOfParts;
}

/** How questions about the past are answered: from generations on SQLite, built for them. */
interface AsOfParts {
  /** Where they are made. */
  readonly folder: string;
  readonly logPlace: LogPlace;
  /** How to open one in the folder. */
  readonly readers: QueryApiParts["readers"];
  readonly recordsLimit: number;
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
  const { log, codec, cursorKey, clock, readers, openRows, feeders, logger } = parts;
  const byName = openModels(readers);
  const models = readModelNames.map((name) => byName[name]);
  const stopping = new AbortController();
  const { signal } = stopping;
  const { generations, positions, ended } = followPromotions({
    log,
    codec,
    logger,
    models,
    signal,
  });
  const ends = new LogEnds(log);
  const { past, closePast } = openPast(parts, generations.parked);
  const nextTimes = new NextTimes(log, clock);
  const queryParts = { log, ends, nextTimes, cursorKey, clock, past };
  const stores = readModelNames.map((name) => ({
    name,
    positionsOf: (generation: number) => {
      return askGeneration(readers[name], generation, (reader) => reader.positions());
    },
    parkedIn: (generation: number) => {
      return askGeneration(readers[name], generation, async (reader) => {
        const { parked } = await reader.read(async () => null);
        return parked;
      });
    },
  }));
  return {
    routes: [
      ...readModelRoutes(byName, queryParts),
      ...projectionRoutes({ ...queryParts, stores, generations, positions, feeders }),
      explainRoute({ ...queryParts, codec, models, generations, openRows }),
      ...eventRoutes({
        ...queryParts,
        codec,
        isInstrument: async (id) => {
          const { result } = await byName["ticks-and-candles"].read((reader) =>
            reader.instrument(id),
          );
          return result !== null;
        },
        guard: eventGuard(byName),
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
      await closePast();
      await Promise.all(models.map((model) => model.close()));
    },
  };
}

function openPast({ log, clock, asOf }: QueryApiParts, parked: ParkedStreams) {
  const { folder, logPlace, readers, recordsLimit } = asOf;
  const builder = new PastBuilder({ log: logPlace, folder });
  const leftOutOf = (name: string) => parked.leftOutOf(name);
  const generations = new PastGenerations({ builder, folder, readers, recordsLimit, leftOutOf });
  const past = new PastReadModels({ log, topics: readModelTopics, builder, generations, clock });
  const closePast = async () => {
    await builder.stop();
    await generations.close();
  };
  return { past, closePast };
}

function openModels(readers: QueryApiParts["readers"]): Models {
  const models = readModelNames.map((name) => {
    const { topics } = registeredProjection(name).projection;
    return [name, new ReadModel(name, topics, readers[name] as never)];
  });
  return Object.fromEntries(models) as Models;
}

/** `null` where the generation is not there. */
async function askGeneration<T>(
  open: OpenGeneration<unknown>,
  generation: number,
  ask: (reader: GenerationReader<unknown>) => Promise<T>,
): Promise<T | null> {
  const reader = await open(generation);
  if (reader === null) return null;
  try {
    return await ask(reader);
  } finally {
    await reader.close();
  }
}
