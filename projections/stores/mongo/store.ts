import type { PartitionKey } from "../../../platform/log/log.ts";
import { orderedKey } from "../../runner/ordered-key.ts";
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
import { keyValuesOf, type StoredTable, storedTable } from "../../runner/stored-table.ts";
import { moveCheckpoint, readCheckpoint, readCheckpoints, takeCheckpoint } from "./checkpoints.ts";
import { MongoDatabase, type MongoFilter } from "./database.ts";
import { isDataErrorOfMongo } from "./errors.ts";
import {
  checkpointCollection,
  createCollections,
  dropCollections,
  isWhole,
  tableCollection,
} from "./schema.ts";
import { type MongoLayout, NO_LAYOUT, NOT_DELETED, rowOriginOf, storedRowOf } from "./table.ts";
import { MongoWriter } from "./writer.ts";

/** Partitions are written side by side; beyond this they wait for one another. */
const CONNECTIONS = 4;
const PAGE_ROWS = 1_000;

export interface MongoStoreParts {
  readonly url: string;
  /** `strategies_g3_`: see `collectionPrefix`. */
  readonly prefix: string;
  readonly projection: Pick<Projection, "name" | "version" | "tables">;
  readonly layout?: MongoLayout;
}

/**
 * The MongoDB adapter of the read-store port: collections of their own for each generation. Where
 * the server has transactions, a batch and its checkpoint are one. Elsewhere the rows come first,
 * each gated by its position, and the checkpoint last, by compare-and-set: after a crash rows are
 * ahead of it, and the same batch again changes nothing.
 */
export class MongoReadStore implements ReadStore {
  readonly longBatches = "builds";
  readonly #parts: MongoStoreParts;
  readonly #tables: ReadonlyMap<string, StoredTable>;
  readonly #writer: MongoWriter;
  readonly #database: MongoDatabase;
  readonly #checkpoints: string;

  constructor(parts: MongoStoreParts) {
    const { url, prefix, projection, layout = NO_LAYOUT } = parts;
    this.#parts = parts;
    const tables = Object.entries(projection.tables);
    this.#tables = new Map(tables.map(([name, table]) => [name, storedTable(name, table)]));
    this.#writer = new MongoWriter(prefix, this.#tables, layout);
    this.#database = new MongoDatabase({ url, name: prefix, connections: CONNECTIONS });
    this.#checkpoints = checkpointCollection(prefix);
  }

  async create(): Promise<void> {
    const { prefix, projection, layout = NO_LAYOUT } = this.#parts;
    const tables = [...this.#tables.values()];
    const { indexes } = layout;
    await createCollections(this.#database, { prefix, projection, tables, indexes });
  }

  async take(partition: PartitionKey, logId: string): Promise<Checkpoint> {
    return this.#database.run((session) => {
      return takeCheckpoint(session, this.#checkpoints, { partition, logId });
    });
  }

  async apply(batch: Batch): Promise<ApplyOutcome> {
    const { partition } = batch;
    const documents = this.#writer.documentsOf(batch.changes, partition);
    try {
      return await this.#database.atomically(async (session) => {
        const checkpoint = await readCheckpoint(session, this.#checkpoints, partition);
        const stands = standingOf(batch, checkpoint);
        if (stands !== "here" || checkpoint === null) return refused(stands, partition);
        await this.#writer.write(session, documents);
        if (await moveCheckpoint(session, this.#checkpoints, { batch, checkpoint }))
          return "applied";
        await session.undo();
        const moved = await readCheckpoint(session, this.#checkpoints, partition);
        return refused(standingOf(batch, moved), partition);
      });
    } catch (error) {
      if (!isDataErrorOfMongo(error)) throw error;
      throw new DataError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  async *rows(
    table: string,
    from?: readonly Value[],
    atOnce = PAGE_ROWS,
  ): AsyncIterable<StoredRow> {
    const declared = this.#declared(table);
    let after = from === undefined ? null : orderedKey(keyValuesOf(declared, from));
    for (;;) {
      const page = await this.#readPage(declared, after, atOnce);
      for (const document of page) yield storedRowOf(declared, document);
      const last = page.at(-1);
      if (last === undefined || page.length < atOnce) return;
      after = last._id;
    }
  }

  async row(table: string, key: readonly Value[]): Promise<RowOrigin | null> {
    const declared = this.#declared(table);
    const filter = { ...NOT_DELETED, _id: orderedKey(keyValuesOf(declared, key)) };
    const [document] = await this.#database.run((session) => {
      return session.find(tableCollection(this.#parts.prefix, table), filter);
    });
    return document === undefined ? null : rowOriginOf(declared, document);
  }

  async checkpoints(): Promise<ReadonlyMap<PartitionKey, Checkpoint>> {
    const { prefix } = this.#parts;
    return this.#database.run(async (session) => {
      if (!(await isWhole(session, prefix))) throw new RangeError(`no collections ${prefix}*`);
      return readCheckpoints(session, this.#checkpoints);
    });
  }

  async drop(): Promise<void> {
    await dropCollections(this.#database, this.#parts.prefix);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  #declared(table: string): StoredTable {
    const declared = this.#tables.get(table);
    if (declared === undefined) throw new RangeError(`no table ${table}`);
    return declared;
  }

  async #readPage({ name }: StoredTable, after: string | null, limit: number) {
    const filter: MongoFilter =
      after === null ? NOT_DELETED : { ...NOT_DELETED, _id: { $gt: after } };
    return this.#database.run((session) => {
      const collection = tableCollection(this.#parts.prefix, name);
      return session.find(collection, filter, { sort: { _id: 1 }, limit });
    });
  }
}

type Standing = "here" | "behind" | "fenced" | "missing";

/** Where the batch stands to the checkpoint. */
function standingOf({ epoch, expected }: Batch, checkpoint: Checkpoint | null): Standing {
  if (checkpoint === null) return "missing";
  if (checkpoint.epoch !== epoch) return "fenced";
  return checkpoint.next === expected ? "here" : "behind";
}

function refused(standing: Standing, partition: PartitionKey): ApplyOutcome {
  if (standing === "fenced" || standing === "behind") return standing;
  throw new Error(
    standing === "missing"
      ? `${partition} was never taken`
      : `the checkpoint of ${partition} stands where it was, and was not moved`,
  );
}
