import neo4j from "neo4j-driver";
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
import type { TableIndex } from "../../runner/stored-table.ts";
import { lockCheckpoint, moveCheckpoint, readGeneration, takePartition } from "./checkpoints.ts";
import { isDataErrorOfNeo4j } from "./errors.ts";
import { type Graph, type PlacedTable, placedTables } from "./graph.ts";
import { Neo4jPool, type Neo4jSession } from "./pool.ts";
import { textOf } from "./query.ts";
import { createGeneration, dropGeneration, isMade } from "./schema.ts";
import { boundValue, pageCypher, readRow, rowCypher } from "./table.ts";
import { Neo4jWriter, runAll } from "./writer.ts";

/** Partitions are written side by side; beyond this they wait for one another. */
const CONNECTIONS = 4;
const PAGE_ROWS = 1_000;

export interface Neo4jStoreParts {
  readonly url: string;
  /** `social_g3`: see `generationSuffix`. */
  readonly generation: string;
  readonly projection: Pick<Projection, "name" | "version" | "tables">;
  readonly graph: Graph;
  readonly indexes?: readonly TableIndex[];
}

/** The Neo4j adapter of the read-store port: labels and types of its own per generation. */
export class Neo4jReadStore implements ReadStore {
  readonly longBatches = "builds";
  readonly #parts: Neo4jStoreParts;
  readonly #tables: readonly PlacedTable[];
  readonly #writer: Neo4jWriter;
  readonly #pool: Neo4jPool;
  #hasMade = false;

  constructor(parts: Neo4jStoreParts) {
    const { url, generation, projection, graph } = parts;
    this.#parts = parts;
    this.#tables = placedTables(projection.tables, graph);
    this.#writer = new Neo4jWriter(generation, this.#tables);
    this.#pool = new Neo4jPool({ url, name: generation, connections: CONNECTIONS });
  }

  async create(): Promise<void> {
    const { generation, projection, indexes = [] } = this.#parts;
    // All that there is to make takes a dozen journeys to the server.
    if (this.#hasMade && (await isMade(this.#pool, generation))) return;
    await createGeneration(this.#pool, { generation, projection, tables: this.#tables, indexes });
    this.#hasMade = true;
  }

  async take(partition: PartitionKey, logId: string): Promise<Checkpoint> {
    const { generation } = this.#parts;
    return this.#pool.transaction((session) => {
      return takePartition(session, { generation, partition, logId });
    });
  }

  async apply(batch: Batch): Promise<ApplyOutcome> {
    const { generation } = this.#parts;
    const statements = this.#writer.statements(batch);
    try {
      return await this.#pool.transaction(async (session) => {
        const from = await lockCheckpoint(session, generation, batch.partition);
        if (batch.epoch < from.epoch) return "fenced";
        if (batch.expected !== from.next) return "behind";
        await Promise.all([
          runAll(session, statements),
          moveCheckpoint(session, { generation, from }, batch),
        ]);
        return "applied";
      });
    } catch (error) {
      if (!isDataErrorOfNeo4j(error)) throw error;
      throw new DataError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  async *rows(
    table: string,
    from?: readonly Value[],
    atOnce = PAGE_ROWS,
  ): AsyncIterable<StoredRow> {
    const placed = this.#placed(table);
    let after = from;
    for (;;) {
      const page = await this.#readPage(placed, after, atOnce);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < atOnce) return;
      after = placed.keyColumns.map((column) => last.row[column] as Value);
    }
  }

  async row(table: string, key: readonly Value[]): Promise<RowOrigin | null> {
    const placed = this.#placed(table);
    const { generation } = this.#parts;
    const values = { key: key.map((value, i) => boundValue(value, placed, i)) };
    const found = await readGeneration(this.#pool, generation, (session) => {
      return session.run(textOf(rowCypher(placed), generation), values);
    });
    const [stored] = found;
    if (stored === undefined) return null;
    return { ...storedRow(placed, stored), first: integer(stored, "_firstPosition") };
  }

  async checkpoints(): Promise<ReadonlyMap<PartitionKey, Checkpoint>> {
    const { generation } = this.#parts;
    return readGeneration(this.#pool, generation, async (_, checkpoints) => checkpoints);
  }

  async drop(): Promise<void> {
    await dropGeneration(this.#pool, this.#parts.generation);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  #placed(table: string): PlacedTable {
    const placed = this.#tables.find(({ name }) => name === table);
    if (placed === undefined) throw new RangeError(`no table ${table}`);
    return placed;
  }

  #readPage(
    placed: PlacedTable,
    after: readonly Value[] | undefined,
    atOnce: number,
  ): Promise<StoredRow[]> {
    return readGeneration(this.#pool, this.#parts.generation, async (session) => {
      if (after === undefined) {
        return this.#rowsOf(session, placed, { equal: 0, after: [], limit: atOnce });
      }
      const found: StoredRow[] = [];
      // Those that share most of the key come first.
      for (let equal = after.length - 1; equal >= 0 && found.length < atOnce; equal -= 1) {
        const limit = atOnce - found.length;
        found.push(...(await this.#rowsOf(session, placed, { equal, after, limit })));
      }
      return found;
    });
  }

  async #rowsOf(
    session: Neo4jSession,
    placed: PlacedTable,
    {
      equal,
      after,
      limit,
    }: { readonly equal: number; readonly after: readonly Value[]; readonly limit: number },
  ): Promise<StoredRow[]> {
    const cypher = textOf(pageCypher(placed, equal, after.length > 0), this.#parts.generation);
    const found = await session.run(cypher, {
      after: after.map((value, i) => boundValue(value, placed, i)),
      limit: neo4j.int(limit),
    });
    return found.map((stored) => storedRow(placed, stored));
  }
}

function storedRow(placed: PlacedTable, stored: SqlRow): StoredRow {
  return {
    row: readRow(placed, stored),
    partition: text(stored, "_partitionKey") as PartitionKey,
    position: integer(stored, "_position"),
  };
}
