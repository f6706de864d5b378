import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { avroType } from "./avro-type.ts";
import { canonicalText } from "./canonical-schema.ts";
import { compatibilityProblems } from "./compatibility.ts";
import { IncompatibleSchema, type RegisteredVersion, type SchemaRegistry } from "./registry.ts";
import type { RecordSchema } from "./schema-files.ts";

/** Registrations are rare and short; who meets one waits at most this long. */
const BUSY_TIMEOUT_MS = 5_000;
const MODE_ATTEMPTS = 100;
const MODE_RETRY_MS = 10;
const SQLITE_BUSY = 5;

/**
 * One row per version of a subject. The same schema has the same id in every subject, and rows are
 * never changed or deleted: records in the log name the ids for ever.
 */
const TABLE = `
  CREATE TABLE IF NOT EXISTS schemas (
    subject   TEXT    NOT NULL,  -- portfolio.events-cipherhorizon.portfolio.FundsDeposited
    version   INTEGER NOT NULL,  -- 1, 2, 3 … within the subject
    id        INTEGER NOT NULL,  -- what stands in a record's value
    canonical TEXT    NOT NULL,  -- by which two schemas are the same
    schema    TEXT    NOT NULL,  -- as it was registered first
    PRIMARY KEY (subject, version)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS schemas_by_id ON schemas (id);`;

export interface SqliteRegistryOptions {
  /** The data folder; the schemas stand in its `log.db`, beside the log. */
  readonly folder: string;
  /** For readers in other threads and processes, which never register. */
  readonly readOnly?: boolean;
}

/** The embedded registry, on a connection of its own. */
export function openSqliteRegistry(options: SqliteRegistryOptions): SchemaRegistry {
  const { folder, readOnly = false } = options;
  const database = new DatabaseSync(join(folder, "log.db"), { readOnly, timeout: BUSY_TIMEOUT_MS });
  if (!readOnly) {
    useWriteAheadLog(database);
    database.exec(TABLE);
  }
  return new SqliteRegistry(database);
}

/**
 * While a new file changes its mode, SQLite refuses others at once instead of making them wait, and
 * the log opens the same file. Only in that moment is there anything to try again.
 */
function useWriteAheadLog(database: DatabaseSync, attemptsLeft = MODE_ATTEMPTS): void {
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  } catch (error) {
    if (!isBusy(error) || attemptsLeft <= 1) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, MODE_RETRY_MS);
    useWriteAheadLog(database, attemptsLeft - 1);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

interface Row {
  readonly version: number;
  readonly id: number;
  readonly canonical: string;
  readonly schema: string;
}

class SqliteRegistry implements SchemaRegistry {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async register(subject: string, schema: RecordSchema): Promise<number> {
    const canonical = canonicalText(schema);
    const known = this.#idOf(subject, canonical);
    if (known !== null) return known;
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const id = this.#idOf(subject, canonical) ?? this.#add(subject, canonical, schema);
      this.#database.exec("COMMIT");
      return id;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  async byId(id: number): Promise<RecordSchema | null> {
    const row = this.#one("SELECT schema FROM schemas WHERE id = ? LIMIT 1", id);
    return row ? parseSchema(row.schema) : null;
  }

  async idOf(subject: string, schema: RecordSchema): Promise<number | null> {
    return this.#idOf(subject, canonicalText(schema));
  }

  async subjects(): Promise<readonly string[]> {
    const rows = this.#database.prepare("SELECT DISTINCT subject FROM schemas ORDER BY 1").all();
    return rows.map((row) => String(row.subject));
  }

  async versions(subject: string): Promise<readonly RegisteredVersion[]> {
    return this.#rowsOf(subject).map(({ version, id, schema }) => {
      return { version, id, schema: parseSchema(schema) };
    });
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #add(subject: string, canonical: string, schema: RecordSchema): number {
    avroType(schema);
    const rows = this.#rowsOf(subject);
    const problems = rows.flatMap((row) => compatibilityProblems(schema, parseSchema(row.schema)));
    if (problems.length > 0) throw new IncompatibleSchema(subject, [...new Set(problems)]);
    const same = this.#one("SELECT id FROM schemas WHERE canonical = ? LIMIT 1", canonical);
    const id = same?.id ?? this.#nextId();
    this.#database
      .prepare(
        "INSERT INTO schemas (subject, version, id, canonical, schema) VALUES (?, ?, ?, ?, ?)",
      )
      .run(subject, (rows.at(-1)?.version ?? 0) + 1, id, canonical, JSON.stringify(schema));
    return id;
  }

  #nextId(): number {
    return this.#one("SELECT coalesce(max(id), 0) + 1 AS id FROM schemas")?.id ?? 1;
  }

  #idOf(subject: string, canonical: string): number | null {
    const sql = "SELECT id FROM schemas WHERE subject = ? AND canonical = ?";
    return this.#one(sql, subject, canonical)?.id ?? null;
  }

  #rowsOf(subject: string): readonly Row[] {
    const sql = "SELECT * FROM schemas WHERE subject = ? ORDER BY version";
    return this.#database.prepare(sql).all(subject) as unknown as Row[];
  }

  #one(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#database.prepare(sql).get(...values) as unknown as Row | undefined;
  }
}

function parseSchema(text: string): RecordSchema {
  return JSON.parse(text) as RecordSchema;
}
