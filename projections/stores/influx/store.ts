import type { PartitionKey } from "../../../platform/log/log.ts";
import { foreignLog } from "../../runner/checkpoint-rows.ts";
import type { Projection, Value } from "../../runner/projection.ts";
import type {
  ApplyOutcome,
  Batch,
  Checkpoint,
  ReadStore,
  RowOrigin,
  StoredRow,
} from "../../runner/read-store.ts";
import { keyValuesOf } from "../../runner/stored-table.ts";
import {
  beginning,
  checkpointLine,
  parkedLines,
  readCheckpoints,
  releasedLines,
} from "./checkpoints.ts";
import { InfluxClient } from "./client.ts";
import { createDatabase, dropDatabase } from "./database.ts";
import { rowWithOrigin } from "./origin.ts";
import { linesOf } from "./points.ts";
import { rowsInKeyOrder } from "./rows.ts";
import { type InfluxShapes, type ShapedTable, shapedTable } from "./shape.ts";
import { WrittenShards } from "./shards.ts";
import { InfluxVersions } from "./versions.ts";
import { type InfluxTarget, writeLines } from "./writer.ts";

/** Partitions are written side by side; beyond this they wait for one another. */
const CONNECTIONS = 4;

export interface InfluxStoreParts {
  /** `http://user:password@host:port` */
  readonly url: string;
  /** `ticks_and_candles_g3` */
  readonly database: string;
  readonly projection: Pick<Projection, "name" | "version" | "tables">;
  readonly shapes?: InfluxShapes;
  /** The user who may read the database; null: none but who made it. */
  readonly reader?: string | null;
}

/**
 * The InfluxDB adapter of the read-store port: one database per generation of a projection. The
 * server has neither transactions nor compare-and-set. So points are immutable and the checkpoint
 * only grows; what is above it is left out of every answer. `take` writes nothing, and `fenced` and
 * `behind` are told where they are seen: who slips past writes what is there already.
 */
export class InfluxReadStore implements ReadStore {
  readonly longBatches = "always";
  readonly #parts: InfluxStoreParts;
  readonly #tables: ReadonlyMap<string, ShapedTable>;
  readonly #client: InfluxClient;
  readonly #target: InfluxTarget;
  /** Of partitions taken here: the checkpoint that stands for none. */
  readonly #untouched = new Map<PartitionKey, Checkpoint>();

  constructor(parts: InfluxStoreParts) {
    const { url, projection, shapes = {} } = parts;
    this.#parts = parts;
    const tables = Object.entries(projection.tables);
    this.#tables = new Map(
      tables.map(([name, table]) => [name, shapedTable(name, table, shapes[name])]),
    );
    this.#client = new InfluxClient({ url, connections: CONNECTIONS });
    this.#target = {
      client: this.#client,
      database: parts.database,
      shards: new WrittenShards(),
    };
  }

  async create(): Promise<void> {
    const { database, projection, reader = null } = this.#parts;
    await createDatabase(this.#client, { database, projection, reader });
  }

  async take(partition: PartitionKey, logId: string): Promise<Checkpoint> {
    const checkpoint = (await this.checkpoints()).get(partition) ?? beginning(logId);
    if (checkpoint.logId !== logId) {
      throw foreignLog({ partition, checkpointLogId: checkpoint.logId, logId });
    }
    this.#untouched.set(partition, beginning(logId));
    return { ...checkpoint, epoch: checkpoint.epoch + 1 };
  }

  async apply(batch: Batch): Promise<ApplyOutcome> {
    const { partition } = batch;
    const before = (await this.checkpoints()).get(partition) ?? this.#untouched.get(partition);
    if (before === undefined) throw new Error(`${partition} was never taken`);
    if (batch.epoch < before.epoch) return "fenced";
    if (batch.expected !== before.next) return "behind";
    const lines = linesOf(this.#tables, partition, batch.changes);
    await writeLines(this.#target, [...parkedLines(batch), ...lines]);
    await writeLines(this.#target, [...releasedLines(batch), checkpointLine(batch, before)]);
    return "applied";
  }

  async *rows(table: string, from?: readonly Value[], atOnce?: number): AsyncIterable<StoredRow> {
    const declared = this.#shaped(table);
    const versions = await this.#versions();
    const after = from === undefined ? null : keyValuesOf(declared, from);
    yield* rowsInKeyOrder(versions, declared, { after, atOnce });
  }

  async row(table: string, key: readonly Value[]): Promise<RowOrigin | null> {
    const declared = this.#shaped(table);
    return rowWithOrigin(await this.#versions(), declared, keyValuesOf(declared, key));
  }

  async checkpoints(): Promise<ReadonlyMap<PartitionKey, Checkpoint>> {
    return readCheckpoints(this.#client, this.#parts.database);
  }

  async drop(): Promise<void> {
    await dropDatabase(this.#client, this.#parts.database);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  #shaped(table: string): ShapedTable {
    const shaped = this.#tables.get(table);
    if (shaped === undefined) throw new RangeError(`no table ${table}`);
    return shaped;
  }

  async #versions(): Promise<InfluxVersions> {
    const checkpoints = await this.checkpoints();
    const asOf = new Map([...checkpoints].map(([key, { next }]) => [key, next]));
    return new InfluxVersions(this.#client, this.#parts.database, asOf);
  }
}
