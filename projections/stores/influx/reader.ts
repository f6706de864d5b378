import { type Snapshot, snapshotOf } from "../../runner/generation-snapshot.ts";
import { OpenedGeneration } from "../../runner/opened-generation.ts";
import { readCheckpoints } from "./checkpoints.ts";
import type { InfluxClient } from "./client.ts";
import { builtBy } from "./database.ts";
import { MissingDatabase } from "./errors.ts";
import { InfluxVersions } from "./versions.ts";

export interface InfluxGenerationParts<Reader> {
  /** Shared by all generations that this process reads. */
  readonly client: InfluxClient;
  /** `ticks_and_candles_g3` */
  readonly database: string;
  /**
   * Called once for the generation. What it gives makes the projection's reader for each query, of
   * the generation as it was at its checkpoints; what readers keep for each other stands in there.
   */
  readonly readerMaker: InfluxReaderMaker<Reader>;
}

export type InfluxReaderMaker<Reader> = () => (versions: InfluxVersions) => Reader;

/** One generation opened for queries; `null` while its database is not there yet. */
export async function openInfluxGeneration<Reader>(
  parts: InfluxGenerationParts<Reader>,
): Promise<InfluxGeneration<Reader> | null> {
  const built = await builtBy(parts.client, parts.database);
  return built === null ? null : new InfluxGeneration(parts);
}

/** Each query reads the generation as it was at the checkpoints that the query began with. */
export class InfluxGeneration<Reader> extends OpenedGeneration<Reader> {
  readonly #parts: InfluxGenerationParts<Reader>;
  readonly #makeReader: (versions: InfluxVersions) => Reader;

  constructor(parts: InfluxGenerationParts<Reader>) {
    super();
    this.#parts = parts;
    this.#makeReader = parts.readerMaker();
  }

  protected async answer<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
    const { client, database } = this.#parts;
    const checkpoints = await readCheckpoints(client, database);
    const asOf = new Map([...checkpoints].map(([key, { next }]) => [key, next]));
    const reader = this.#makeReader(new InfluxVersions(client, database, asOf));
    return snapshotOf(await query(reader), checkpoints);
  }

  protected override isDropped(error: unknown): boolean {
    return error instanceof MissingDatabase;
  }
}
