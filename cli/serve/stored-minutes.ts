import type { StoredMinutes } from "../../command-side/process-managers/candle-revision/stored-minutes.ts";
import type { EventReader } from "../../platform/codec/codec.ts";
import type { LogReader } from "../../platform/log/log.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { generationFile } from "../../projections/runner/generation-files.ts";
import type { SqliteQueries } from "../../projections/stores/sqlite/query.ts";
import { openSqliteGeneration } from "../../projections/stores/sqlite/reader.ts";
import { type StorePlace, serverOf } from "../../projections/stores.ts";
import { SqliteMinuteReader } from "../../projections/ticks-and-candles/sqlite-minute.ts";
import type { OpenGeneration } from "../../query-api/reading/generation-reader.ts";
import { followPromotions } from "../../query-api/reading/promotions.ts";
import { ReadModel } from "../../query-api/reading/read-model.ts";

const PROJECTION = "ticks-and-candles";
/** How long a look waits for the read model; what it has not passed by then stays due. */
const WAIT_MS = 1_000;

export interface StoredMinutesParts {
  readonly place: StorePlace;
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Stored minutes of the generation that readers use now. */
export async function openStoredMinutes(
  parts: StoredMinutesParts,
): Promise<StoredMinutes & { close(): Promise<void> }> {
  const { place, log, codec, logger, signal } = parts;
  const opener = await openMinuteReaders(place);
  const { topics } = registeredProjection(PROJECTION).projection;
  const model = new ReadModel(PROJECTION, topics, opener.open);
  const { ended } = followPromotions({ log, codec, logger, models: [model], signal });
  return {
    hasPassed: async (positions) => {
      return (await model.isReadable()) && model.hasPassed(positions, WAIT_MS);
    },
    minute: async (instrumentId, openTimeMs) => {
      const { result } = await model.read((reader) => reader.minute(instrumentId, openTimeMs));
      return result;
    },
    close: async () => {
      await ended;
      await model.close();
      opener.close();
    },
  };
}

interface MinuteReader {
  minute(instrumentId: string, openTimeMs: number): ReturnType<StoredMinutes["minute"]>;
}

export interface MinuteReaders {
  readonly open: OpenGeneration<MinuteReader>;
  close(): void;
}

/** On the store where the read model stands. */
async function openMinuteReaders({ folder, servers }: StorePlace): Promise<MinuteReaders> {
  const there = serverOf(registeredProjection(PROJECTION), servers);
  if (there?.server !== "influx") {
    const makeReader = (queries: SqliteQueries) => new SqliteMinuteReader(queries);
    const fileOf = (generation: number) => generationFile(folder, PROJECTION, generation);
    return {
      open: async (generation) => openSqliteGeneration({ file: fileOf(generation), makeReader }),
      close: () => undefined,
    };
  }
  const { openInfluxMinutes } = await import("./influx-minutes.ts");
  return openInfluxMinutes(there.address, PROJECTION);
}
