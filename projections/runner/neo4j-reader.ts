import type { PartitionKey } from "../../platform/log/log.ts";
import { noLongerOpen, type Snapshot, snapshotOf, tooManyWaiting } from "./generation-snapshot.ts";
import { readCheckpoints, readGeneration } from "./neo4j-checkpoints.ts";
import type { Neo4jPool } from "./neo4j-pool.ts";
import { Neo4jQueries } from "./neo4j-query.ts";
import { isMade } from "./neo4j-schema.ts";
import type { Checkpoint } from "./read-store.ts";

/** Queries under way, most of which wait for a connection; more are refused. */
const WAITING_QUERIES = 1_000;

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
export class Neo4jGeneration<Reader> {
  readonly #parts: Neo4jGenerationParts<Reader>;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(parts: Neo4jGenerationParts<Reader>) {
    this.#parts = parts;
  }

  /** Rows and positions of the answer agree. The query may be asked twice. */
  async read<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
    return this.#while(() => this.#read(query));
  }

  /** Without the lock that `read` ends with: this is asked many times a second. */
  async positions(): Promise<ReadonlyMap<PartitionKey, number>> {
    const { pool, generation } = this.#parts;
    const checkpoints = await this.#while(() => {
      return pool.transaction((session) => readCheckpoints(session, generation));
    });
    return new Map([...checkpoints].map(([key, { next }]) => [key, next]));
  }

  /** Waits for the queries that were asked before; later ones are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  async #while<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#closed) throw noLongerOpen();
    if (this.#underWay.size >= WAITING_QUERIES) throw tooManyWaiting(WAITING_QUERIES);
    const asking = ask();
    this.#underWay.add(asking);
    try {
      return await asking;
    } finally {
      this.#underWay.delete(asking);
    }
  }

  #read<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
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
