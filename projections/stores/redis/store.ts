import type { PartitionKey } from "../../../platform/log/log.ts";
import { compareKeys } from "../../runner/key-order.ts";
import type { Projection, Value } from "../../runner/projection.ts";
import type {
  ApplyOutcome,
  Batch,
  Checkpoint,
  ReadStore,
  RowOrigin,
  StoredRow,
} from "../../runner/read-store.ts";
import {
  keyValuesOf,
  type StoredTable,
  storedTable,
  type TableIndex,
} from "../../runner/stored-table.ts";
import { takePartition } from "./checkpoints.ts";
import { RedisConnection } from "./connection.ts";
import { RedisLayout } from "./layout.ts";
import { askPartition, askPartitions, placesOf, type RedisPlace } from "./query.ts";
import { createGeneration, dropGeneration, listPartition } from "./schema.ts";
import { APPLY } from "./scripts.ts";
import { applyArguments } from "./writer.ts";

const PAGE_ROWS = 1_000;

export interface RedisStoreParts {
  readonly url: string;
  /** `risk:g3`: see `generationPrefix`. */
  readonly prefix: string;
  readonly projection: Pick<Projection, "name" | "version" | "tables">;
  readonly indexes?: readonly TableIndex[];
}

/** The Redis adapter of the read-store port: keys of one prefix per generation of a projection. */
export class RedisReadStore implements ReadStore {
  readonly longBatches = "always";
  /** About ten milliseconds of the server, which answers nobody else meanwhile. */
  readonly changesAtOnce = 1_500;
  /** `appendfsync everysec` */
  readonly mayGoBack = true;
  readonly #parts: RedisStoreParts;
  readonly #place: RedisPlace;

  constructor(parts: RedisStoreParts) {
    const { url, prefix, projection, indexes = [] } = parts;
    const tables = Object.entries(projection.tables).map(([name, table]) => {
      return storedTable(name, table);
    });
    this.#parts = parts;
    const layout = new RedisLayout(prefix, tables, indexes);
    this.#place = { connection: new RedisConnection({ url, name: prefix }), layout, prefix };
  }

  async create(): Promise<void> {
    const { prefix, projection } = this.#parts;
    await createGeneration(this.#place.connection, { prefix, projection });
  }

  async take(partition: PartitionKey, logId: string): Promise<Checkpoint> {
    const { connection, layout, prefix } = this.#place;
    await listPartition(connection, { prefix, partition });
    return takePartition(connection, { layout, partition, logId });
  }

  /**
   * Where the checkpoint is gone, with its generation or with what a server without persistence
   * had, nothing is written: whoever feeds it has to take it anew.
   */
  async apply(batch: Batch): Promise<ApplyOutcome> {
    const { connection, layout } = this.#place;
    const values = applyArguments(layout, batch);
    const outcome = await connection.script(APPLY, layout.keys(batch.partition), values);
    return outcome === "missing" ? "fenced" : (outcome as ApplyOutcome);
  }

  async *rows(
    table: string,
    from?: readonly Value[],
    atOnce = PAGE_ROWS,
  ): AsyncIterable<StoredRow> {
    const { stored } = placesOf(this.#place.layout, table);
    const partitions = await askPartitions(this.#place, []);
    const all = partitions.map(({ partition }) =>
      this.#rowsOf(partition, stored, { from, atOnce }),
    );
    yield* inKeyOrder(all, stored);
  }

  async row(table: string, key: readonly Value[]): Promise<RowOrigin | null> {
    const { stored } = placesOf(this.#place.layout, table);
    const lookup = { kind: "get", table, key: keyValuesOf(stored, key) } as const;
    for (const { partition, results } of await askPartitions(this.#place, [lookup])) {
      const [found] = results[0] ?? [];
      if (found !== undefined) return { ...found, partition };
    }
    return null;
  }

  async checkpoints(): Promise<ReadonlyMap<PartitionKey, Checkpoint>> {
    const answers = await askPartitions(this.#place, []);
    return new Map(answers.map(({ partition, checkpoint }) => [partition, checkpoint]));
  }

  async drop(): Promise<void> {
    await dropGeneration(this.#place.connection, this.#place.prefix);
  }

  async close(): Promise<void> {
    await this.#place.connection.close();
  }

  /** Page by page; each is of one moment. */
  async *#rowsOf(
    partition: PartitionKey,
    stored: StoredTable,
    { from, atOnce }: { readonly from: readonly Value[] | undefined; readonly atOnce: number },
  ): AsyncGenerator<StoredRow> {
    let beyond = from === undefined ? undefined : keyValuesOf(stored, from);
    for (;;) {
      const place = { under: [], beyond, limit: atOnce };
      const lookup = { kind: "up", table: stored.name, ...place } as const;
      const answer = await askPartition(this.#place, partition, [lookup]);
      const page = answer?.results[0] ?? [];
      for (const { row, position } of page) yield { row, partition, position };
      const last = page.at(-1);
      if (last === undefined || page.length < atOnce) return;
      beyond = keyValuesOf(stored, keyOfRow(stored, last.row));
    }
  }
}

/** Merges the partitions, each of which is in key order. */
async function* inKeyOrder(
  partitions: readonly AsyncGenerator<StoredRow>[],
  stored: StoredTable,
): AsyncGenerator<StoredRow> {
  const heads = await Promise.all(partitions.map((one) => headOf(one)));
  const alive = heads.filter((head) => head !== null);
  const compare = (a: Head, b: Head) => {
    return compareKeys(keyOfRow(stored, a.first.row), keyOfRow(stored, b.first.row));
  };
  while (alive.length > 0) {
    const least = alive.reduce((a, b) => (compare(b, a) < 0 ? b : a));
    yield least.first;
    const next = await headOf(least.rest);
    alive.splice(alive.indexOf(least), 1, ...(next === null ? [] : [next]));
  }
}

interface Head {
  readonly first: StoredRow;
  readonly rest: AsyncGenerator<StoredRow>;
}

async function headOf(rows: AsyncGenerator<StoredRow>): Promise<Head | null> {
  const { done, value } = await rows.next();
  return done === true ? null : { first: value, rest: rows };
}

function keyOfRow({ keyColumns }: StoredTable, row: StoredRow["row"]): readonly Value[] {
  return keyColumns.map((column) => row[column] as Value);
}
