import type { PartitionKey } from "../../../platform/log/log.ts";
import type { Projection, Value } from "../../runner/projection.ts";
import {
  type ApplyOutcome,
  type Batch,
  type Checkpoint,
  DataError,
  type ReadStore,
  type RowOrigin,
  type StoredRow,
} from "../../runner/read-store.ts";
import { integer, type SqlRow, text } from "../../runner/sql-row.ts";
import {
  keyValuesOf,
  type StoredTable,
  storedTable,
  type TableIndex,
} from "../../runner/stored-table.ts";
import { raiseEpoch, readCheckpoints, readGeneration } from "./checkpoints.ts";
import { isDataErrorOfPostgres } from "./errors.ts";
import { PostgresPool } from "./pool.ts";
import { beginIn, createSchema, dropSchema } from "./schema.ts";
import { pageSql, readRow, rowSql } from "./table.ts";
import { PostgresWriter } from "./writer.ts";

/** Partitions are written side by side; beyond this they wait for one another. */
const CONNECTIONS = 4;
const PAGE_ROWS = 1_000;

/**
 * Batches are written by few statements, which find rows by their keys. Each is planned once, and
 * never by the size of tables that were empty then: a scan of what they have become would take
 * longer with every batch.
 */
export const WRITER_SETTINGS = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  jit: "off",
};

export interface PostgresStoreParts {
  readonly url: string;
  /** `portfolios_g3`: see `generationSchema`. */
  readonly schema: string;
  readonly projection: Pick<Projection, "name" | "version" | "tables">;
  readonly indexes?: readonly TableIndex[];
}

/** The PostgreSQL adapter of the read-store port: one schema per generation of a projection. */
export class PostgresReadStore implements ReadStore {
  readonly longBatches = "always";
  readonly #parts: PostgresStoreParts;
  readonly #tables: ReadonlyMap<string, StoredTable>;
  readonly #writer: PostgresWriter;
  readonly #pool: PostgresPool;

  constructor(parts: PostgresStoreParts) {
    const { url, schema, projection } = parts;
    this.#parts = parts;
    const tables = Object.entries(projection.tables);
    this.#tables = new Map(tables.map(([name, table]) => [name, storedTable(name, table)]));
    this.#writer = new PostgresWriter(schema, this.#tables);
    this.#pool = new PostgresPool({
      url,
      name: schema,
      connections: CONNECTIONS,
      settings: WRITER_SETTINGS,
    });
  }

  async create(): Promise<void> {
    const { schema, projection, indexes = [] } = this.#parts;
    const tables = [...this.#tables.values()];
    await createSchema(this.#pool, { schema, projection, tables, indexes });
  }

  async take(partition: PartitionKey, logId: string): Promise<Checkpoint> {
    return this.#pool.transaction(beginIn(this.#parts.schema), async (session) => {
      await raiseEpoch(session, partition, logId);
      const checkpoint = (await readCheckpoints(session)).get(partition);
      if (checkpoint === undefined) throw new Error(`the checkpoint of ${partition} has vanished`);
      return checkpoint;
    });
  }

  async apply(batch: Batch): Promise<ApplyOutcome> {
    const statement = this.#writer.apply(batch);
    try {
      const claimed = await this.#pool.query(statement);
      return claimed.length === 1 ? "applied" : await this.#whyNot(batch);
    } catch (error) {
      if (!isDataErrorOfPostgres(error)) throw error;
      throw new DataError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  async *rows(
    table: string,
    from?: readonly Value[],
    atOnce = PAGE_ROWS,
  ): AsyncIterable<StoredRow> {
    const declared = this.#declared(table);
    let after = from;
    for (;;) {
      const page = await this.#readPage(declared, after, atOnce);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < atOnce) return;
      after = declared.keyColumns.map((column) => last.row[column] as Value);
    }
  }

  async row(table: string, key: readonly Value[]): Promise<RowOrigin | null> {
    const declared = this.#declared(table);
    const [stored] = await this.#pool.query({
      text: rowSql(this.#parts.schema, declared),
      values: keyValuesOf(declared, key),
    });
    if (stored === undefined) return null;
    return { ...storedRow(declared, stored), first: integer(stored, "_firstPosition") };
  }

  async checkpoints(): Promise<ReadonlyMap<PartitionKey, Checkpoint>> {
    return readGeneration(this.#pool, this.#parts.schema, async (_, checkpoints) => checkpoints);
  }

  async drop(): Promise<void> {
    await dropSchema(this.#pool, this.#parts.schema);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** The checkpoint was not where the batch begins: somebody else was here, or has taken over. */
  async #whyNot({ partition, epoch }: Batch): Promise<ApplyOutcome> {
    const checkpoint = (await this.checkpoints()).get(partition);
    if (checkpoint === undefined) throw new Error(`${partition} was never taken`);
    return checkpoint.epoch === epoch ? "behind" : "fenced";
  }

  #declared(table: string): StoredTable {
    const declared = this.#tables.get(table);
    if (declared === undefined) throw new RangeError(`no table ${table}`);
    return declared;
  }

  async #readPage(
    table: StoredTable,
    after: readonly Value[] | undefined,
    atOnce: number,
  ): Promise<StoredRow[]> {
    const bound = after === undefined ? [] : keyValuesOf(table, after);
    const found = await this.#pool.query({
      text: pageSql(this.#parts.schema, table, after !== undefined),
      values: [atOnce, ...bound],
    });
    return found.map((stored) => storedRow(table, stored));
  }
}

function storedRow(table: StoredTable, stored: SqlRow): StoredRow {
  return {
    row: readRow(table, stored),
    partition: text(stored, "_partitionKey") as PartitionKey,
    position: integer(stored, "_position"),
  };
}
