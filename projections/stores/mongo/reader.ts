import { setTimeout as sleep } from "node:timers/promises";
import { NoLongerOpen, type Snapshot, snapshotOf } from "../../runner/generation-snapshot.ts";
import { OpenedGeneration } from "../../runner/opened-generation.ts";
import { readCheckpoints } from "./checkpoints.ts";
import type { MongoDatabase } from "./database.ts";
import { MongoQueries } from "./query.ts";
import { checkpointCollection, isWhole } from "./schema.ts";

/** How often, and after which pause, a query is asked again that came upon a half-written batch. */
const TRIES = 20;
const PAUSE_MS = 5;

export interface MongoGenerationParts<Reader> {
  /** Shared by all generations that this process reads. */
  readonly database: MongoDatabase;
  /** `strategies_g3_`: see `collectionPrefix`. */
  readonly prefix: string;
  /** The projection's reader within one query. */
  readonly makeReader: (queries: MongoQueries) => Reader;
}

/** One generation opened for queries; `null` while its collections are not there yet. */
export async function openMongoGeneration<Reader>(
  parts: MongoGenerationParts<Reader>,
): Promise<MongoGeneration<Reader> | null> {
  const isThere = await parts.database.run((session) => isWhole(session, parts.prefix));
  return isThere ? new MongoGeneration(parts) : null;
}

/**
 * Each query runs on one state of the generation where the server has transactions. Elsewhere rows
 * may be ahead of the checkpoint while a batch is written: then the query is asked again, and past
 * a limit (a writer was killed in its middle, say) the answer holds rows newer than its position.
 */
export class MongoGeneration<Reader> extends OpenedGeneration<Reader> {
  readonly #parts: MongoGenerationParts<Reader>;

  constructor(parts: MongoGenerationParts<Reader>) {
    super();
    this.#parts = parts;
  }

  protected async answer<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
    for (let tries = 1; ; tries += 1) {
      const { snapshot, isAhead } = await this.#readOnce(query);
      if (!isAhead || tries === TRIES) return snapshot;
      await sleep(PAUSE_MS);
    }
  }

  #readOnce<T>(query: (reader: Reader) => Promise<T>) {
    const { database, prefix, makeReader } = this.#parts;
    return database.atomically(async (session) => {
      const checkpoints = await readCheckpoints(session, checkpointCollection(prefix));
      const queries = new MongoQueries({ session, prefix, checkpoints });
      const result = await query(makeReader(queries));
      // Asked last: the rows of a generation that is dropped meanwhile are no answer.
      if (!(await isWhole(session, prefix))) throw new NoLongerOpen();
      return { snapshot: snapshotOf(result, checkpoints), isAhead: queries.isAhead };
    });
  }
}
