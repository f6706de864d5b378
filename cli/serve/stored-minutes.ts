import type { StoredMinutes } from "../../command-side/process-managers/candle-revision/stored-minutes.ts";
import type { EventReader } from "../../platform/codec/codec.ts";
import type { LogReader } from "../../platform/log/log.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { generationFile } from "../../projections/runner/generation-files.ts";
import { openSqliteGeneration } from "../../projections/runner/sqlite-reader.ts";
import { SqliteMinuteReader } from "../../projections/ticks-and-candles/sqlite-minute.ts";
import { followPromotions } from "../../query-api/reading/promotions.ts";
import { ReadModel } from "../../query-api/reading/read-model.ts";

const PROJECTION = "ticks-and-candles";
/** How long a look waits for the read model; what it has not passed by then stays due. */
const WAIT_MS = 1_000;

export interface StoredMinutesParts {
  /** The data folder. */
  readonly folder: string;
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Stored minutes of the generation that readers use now. */
export function openStoredMinutes(
  parts: StoredMinutesParts,
): StoredMinutes & { close(): Promise<void> } {
  const { folder, log, codec, logger, signal } = parts;
  const model = new ReadModel(PROJECTION, async (generation) => {
    return openSqliteGeneration({
      file: generationFile(folder, PROJECTION, generation),
      makeReader: (queries) => new SqliteMinuteReader(queries),
    });
  });
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
    },
  };
}
