import type { PartitionKey } from "../../../platform/log/log.ts";
import { type Snapshot, snapshotOf } from "../../runner/generation-snapshot.ts";
import { OpenedGeneration } from "../../runner/opened-generation.ts";
import type { Checkpoint } from "../../runner/read-store.ts";
import { readCheckpoints, readGeneration } from "./checkpoints.ts";
import type { Neo4jPool } from "./pool.ts";
import { Neo4jQueries } from "./query.ts";
import { isMade } from "./schema.ts";

export interface Neo4jGenerationParts<Reader> {
  /** Shared by all generations that this process reads. */
  readonly pool: Neo4jPool;
  /** `social_g3`: see `generationSuffix`. */
  readonly generation: string;
  /** The projection's reader within one transaction. */
  readonly makeReader: (queries: Neo4jQueries) => Reader;
}

/** One generation opened for queries; `null` while it is not there yet. */
export async function openNeo4jGeneration<Reader>(
  parts: Neo4jGenerationParts<Reader>,
): Promise<Neo4jGeneration<Reader> | null> {
  return (await isMade(parts.pool, parts.generation)) ? new Neo4jGeneration(parts) : null;
}

/** Each query is answered from one state of the generation. */
export class Neo4jGeneration<Reader> extends OpenedGeneration<Reader> {
  readonly #parts: Neo4jGenerationParts<Reader>;

  constructor(parts: Neo4jGenerationParts<Reader>) {
    super();
    this.#parts = parts;
  }

  /** Without the lock that `read` ends with: this is asked many times a second. */
  override async positions(): Promise<ReadonlyMap<PartitionKey, number>> {
    const { pool, generation } = this.#parts;
    const checkpoints = await this.whileOpen(() => {
      return pool.look((session) => readCheckpoints(session, generation));
    });
    return new Map([...checkpoints].map(([key, { next }]) => [key, next]));
  }

  protected answer<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
    const { pool, generation, makeReader } = this.#parts;
    return readGeneration(pool, generation, async (session, checkpoints) => {
      const queries = new Neo4jQueries(session, generation, positionOf(checkpoints));
      return snapshotOf(await query(makeReader(queries)), checkpoints);
    });
  }
}

function positionOf(checkpoints: ReadonlyMap<PartitionKey, Checkpoint>): string {
  return [...checkpoints].map(([key, { next }]) => `${key}=${next}`).join(" ");
}
