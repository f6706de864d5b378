import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { PartitionKey } from "../../../platform/log/log.ts";
import {
  NoLongerOpen,
  type Snapshot,
  snapshotOf,
  tooManyWaiting,
} from "../../runner/generation-snapshot.ts";
import { readCheckpoints } from "./checkpoints.ts";
import { isLeftUnfinished } from "./errors.ts";
import { SqliteQueries } from "./query.ts";

/** Connections of one generation: so many queries may stand in their transaction at once. */
const CONNECTIONS = 4;
/** Queries that wait for a connection; more are refused. */
const WAITING_QUERIES = 1_000;
const BUSY_TIMEOUT_MS = 5_000;
/** `_causes` is made last. */
const TABLES_MADE = "SELECT count(*) AS made FROM sqlite_schema WHERE name = '_causes'";

export interface SqliteGenerationParts<Reader> {
  /** `<folder>/read/<projection>.g<n>.db` */
  readonly file: string;
  /** The projection's reader on one connection. */
  readonly makeReader: (queries: SqliteQueries) => Reader;
}

/** One generation opened for queries; `null` while its file is not there or not yet a read model. */
export function openSqliteGeneration<Reader>(
  parts: SqliteGenerationParts<Reader>,
): SqliteGeneration<Reader> | null {
  if (!existsSync(parts.file)) return null;
  const generation = new SqliteGeneration(parts);
  if (generation.isReadable()) return generation;
  generation.close();
  return null;
}

interface Connection<Reader> {
  readonly database: DatabaseSync;
  readonly reader: Reader;
}

/** A pool of read-only connections; each query runs in one read transaction. */
export class SqliteGeneration<Reader> {
  readonly #parts: SqliteGenerationParts<Reader>;
  readonly #all = new Set<Connection<Reader>>();
  readonly #free: Connection<Reader>[] = [];
  readonly #waiting: ((connection: Connection<Reader>) => void)[] = [];
  #closed = false;
  /** Wakes `close`, which waits for the queries under way. */
  #released: (() => void) | null = null;

  constructor(parts: SqliteGenerationParts<Reader>) {
    this.#parts = parts;
  }

  /** Rows and positions of the answer agree: they stand in the same transaction. */
  async read<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
    const connection = await this.#acquire();
    const { database, reader } = connection;
    try {
      database.exec("BEGIN");
      const checkpoints = readCheckpoints(database);
      return snapshotOf(await query(reader), checkpoints);
    } finally {
      if (database.isTransaction) database.exec("COMMIT");
      this.#release(connection);
    }
  }

  async positions(): Promise<ReadonlyMap<PartitionKey, number>> {
    const { positions } = await this.read(async () => null);
    return positions;
  }

  /** False until the projector has made the tables, or has mended what it left when it was killed. */
  isReadable(): boolean {
    const connection = this.#connect();
    this.#free.push(connection);
    try {
      return connection.database.prepare(TABLES_MADE).get()?.["made"] === 1;
    } catch (error) {
      if (isLeftUnfinished(error)) return false;
      throw error;
    }
  }

  /** Waits for the queries that were asked before, those without a connection yet among them, for
   *  a hand-over to another generation must not fail one; later ones are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#all.size > this.#free.length) {
      await new Promise<void>((resolve) => {
        this.#released = resolve;
      });
    }
    for (const { database } of this.#free.splice(0)) database.close();
    this.#all.clear();
  }

  async #acquire(): Promise<Connection<Reader>> {
    if (this.#closed) throw new NoLongerOpen();
    const free = this.#free.pop();
    if (free !== undefined) return free;
    // Of a generation that was dropped meanwhile no more connections come; those there are go on.
    if (this.#all.size < CONNECTIONS && existsSync(this.#parts.file)) return this.#connect();
    if (this.#waiting.length >= WAITING_QUERIES) throw tooManyWaiting(WAITING_QUERIES);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(connection: Connection<Reader>): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next(connection);
    else this.#free.push(connection);
    this.#released?.();
  }

  #connect(): Connection<Reader> {
    const database = new DatabaseSync(this.#parts.file, {
      readOnly: true,
      timeout: BUSY_TIMEOUT_MS,
    });
    const reader = this.#parts.makeReader(new SqliteQueries(database));
    const connection = { database, reader };
    this.#all.add(connection);
    return connection;
  }
}
