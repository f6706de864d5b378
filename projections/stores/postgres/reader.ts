import { type Snapshot, snapshotOf } from "../../runner/generation-snapshot.ts";
import { OpenedGeneration } from "../../runner/opened-generation.ts";
import { QueriesUnderWay } from "../../runner/queries-under-way.ts";
import { readGeneration } from "./checkpoints.ts";
import { isMissingGeneration } from "./errors.ts";
import type { PostgresPool } from "./pool.ts";
import { PostgresQueries } from "./query.ts";

export interface PostgresGenerationParts<Reader> {
  /** Shared by all generations that this process reads. */
  readonly pool: PostgresPool;
  /** `portfolios_g3`: see `generationSchema`. */
  readonly schema: string;
  /** The projection's reader within one transaction. */
  readonly makeReader: (queries: PostgresQueries) => Reader;
}

/** One generation opened for queries; `null` while its tables are not there yet. */
export async function openPostgresGeneration<Reader>(
  parts: PostgresGenerationParts<Reader>,
): Promise<PostgresGeneration<Reader> | null> {
  const made = await parts.pool.query({
    text: "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = '_causes'",
    values: [parts.schema],
  });
  return made.length === 1 ? new PostgresGeneration(parts) : null;
}

/** Each query runs in one read-only transaction on one state of the generation. */
export class PostgresGeneration<Reader> extends OpenedGeneration<Reader> {
  readonly #parts: PostgresGenerationParts<Reader>;

  constructor(parts: PostgresGenerationParts<Reader>) {
    super(new QueriesUnderWay(() => parts.pool.waiting));
    this.#parts = parts;
  }

  protected answer<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
    const { pool, schema, makeReader } = this.#parts;
    return readGeneration(pool, schema, async (session, checkpoints) => {
      const reader = makeReader(new PostgresQueries(session, schema));
      return snapshotOf(await query(reader), checkpoints);
    });
  }

  protected override isDropped(error: unknown): boolean {
    return isMissingGeneration(error);
  }
}
