import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { Projection, Value } from "../../projections/runner/projection.ts";
import type { Batch, Checkpoint, StoredRow } from "../../projections/runner/read-store.ts";
import {
  keyValues,
  keyValuesOf,
  quoted,
  quotedList,
  type StoredTable,
  storedTable,
} from "../../projections/runner/stored-table.ts";
import { raiseEpoch, readCheckpoint } from "../../projections/stores/sqlite/checkpoints.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";
import { readRow } from "../../projections/stores/sqlite/table.ts";
import type { PlannedCommand } from "./manager.ts";
import {
  entryOf,
  type Find,
  type Frozen,
  keptTables,
  type OutboxEntry,
  otherLog,
  otherReign,
  type ProcessStore,
  type SettledRow,
  type Start,
  startsOf,
  targetOf,
} from "./process-store.ts";

const BUSY_TIMEOUT_MS = 5_000;

/**
 *   _outbox   one row per command that is not answered yet; `entry` gives the order
 *   _starts   one row per partition: from where on the manager acts, why, and since when
 *   _marks    what a manager remembers of its own planning
 *   _reign    one row: whose writes are taken
 *
 * `synchronous=FULL`: a command that was sent must still be in the outbox after a power loss, else
 * it could be planned anew with other figures.
 */
const OWN_TABLES = `
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS "_outbox" (
    "entry" INTEGER PRIMARY KEY AUTOINCREMENT, "target" TEXT NOT NULL,
    "commandId" TEXT NOT NULL UNIQUE, "command" TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS "_outbox_by_target" ON "_outbox" ("target", "entry");
  CREATE TABLE IF NOT EXISTS "_starts" (
    "partition" TEXT NOT NULL PRIMARY KEY, "position" INTEGER NOT NULL, "reason" TEXT NOT NULL,
    "atMs" INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS "_marks" (
    "name" TEXT NOT NULL PRIMARY KEY, "value" TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS "_reign" (
    "one" INTEGER NOT NULL PRIMARY KEY CHECK ("one" = 1), "epoch" INTEGER NOT NULL,
    "logId" TEXT
  ) STRICT;
  INSERT INTO "_reign" VALUES (1, 0, NULL) ON CONFLICT DO NOTHING;
`;

/** The SQLite adapter: one file per manager, `<folder>/processes/<manager>.db`. */
export class SqliteProcessStore implements ProcessStore {
  readonly #file: string;
  readonly #tables: ReadonlyMap<string, StoredTable>;
  readonly #store: SqliteReadStore;
  #opened: Opened | null = null;
  #epoch = 0;

  constructor(parts: { readonly file: string; readonly projection: Projection }) {
    this.#file = parts.file;
    const projection = keptTables(parts.projection);
    const tables = Object.entries(projection.tables);
    this.#tables = new Map(tables.map(([name, table]) => [name, storedTable(name, table)]));
    this.#store = new SqliteReadStore({ ...parts, projection });
  }

  async create(): Promise<void> {
    await this.#store.create();
    this.#opened ??= open(this.#file);
  }

  /** In a reign alone: a ghost that takes late must not fence who has followed it. */
  async take(partition: PartitionKey, logId: string): Promise<Checkpoint> {
    const checkpoint = this.#inReign((database) => {
      raiseEpoch(database, partition, logId);
      return readCheckpoint(database, partition);
    });
    if (checkpoint === null) throw new Error(`the checkpoint of ${partition} has vanished`);
    return checkpoint;
  }

  apply(batch: Batch) {
    return this.#store.apply(batch);
  }

  rows(table: string, from?: readonly Value[]): AsyncIterable<StoredRow> {
    return this.#store.rows(table, from);
  }

  row(table: string, key: readonly Value[]) {
    return this.#store.row(table, key);
  }

  checkpoints() {
    return this.#store.checkpoints();
  }

  async drop(): Promise<void> {
    this.#closeOutbox();
    await this.#store.drop();
  }

  async close(): Promise<void> {
    this.#closeOutbox();
    await this.#store.close();
  }

  async reign(logId: string): Promise<void> {
    const { database } = this.#outbox();
    const row = database
      .prepare(
        `UPDATE "_reign" SET "epoch" = "epoch" + 1, "logId" = ?
         WHERE "logId" IS NULL OR "logId" = ? RETURNING "epoch"`,
      )
      .get(logId, logId);
    if (row === undefined) throw otherLog(logId);
    this.#epoch = Number(row["epoch"]);
  }

  async starts(): Promise<ReadonlyMap<PartitionKey, Start>> {
    const rows = this.#outbox().database.prepare('SELECT * FROM "_starts"').all();
    return startsOf(rows);
  }

  async recordStarts(starts: readonly Start[]): Promise<void> {
    this.#inReign((database) => {
      const insert = database.prepare(
        'INSERT INTO "_starts" VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      );
      for (const { partition, position, reason, atMs } of starts) {
        insert.run(partition, position, reason, atMs);
      }
      return starts;
    });
  }

  /** Nothing else runs in this process between the first and the last. */
  async find(finds: readonly Find[]): Promise<readonly (readonly StoredRow[])[]> {
    return finds.map((find) => this.#find(find));
  }

  async freeze({ commands, settled, marks = {} }: Frozen): Promise<"frozen" | "changed"> {
    const { insert, mark } = this.#outbox();
    const frozen = this.#inReign(() => {
      if (!settled.every((row) => this.#settle(row))) return null;
      for (const command of commands) put(insert, command);
      for (const [name, value] of Object.entries(marks)) mark.run(name, value);
      return "frozen" as const;
    });
    return frozen ?? "changed";
  }

  async ready(limit: number): Promise<readonly OutboxEntry[]> {
    const { first } = this.#outbox();
    this.#requireReign();
    return first.all(limit).map(entryOf);
  }

  async strike({ entry }: OutboxEntry, followUps: readonly PlannedCommand[]): Promise<void> {
    const { remove, insert } = this.#outbox();
    this.#inReign(() => {
      if (Number(remove.run(entry).changes) === 0) return null;
      for (const command of followUps) put(insert, command);
      return entry;
    });
  }

  async outboxSize(): Promise<number> {
    return Number(this.#outbox().count.get()?.["entries"]);
  }

  async waiting(aggregate: string, aggregateIds: readonly string[]): Promise<ReadonlySet<string>> {
    const { ofTarget } = this.#outbox();
    return new Set(
      aggregateIds.filter((aggregateId) => ofTarget.get(targetOf({ aggregate, aggregateId }))),
    );
  }

  async mark(name: string): Promise<string | null> {
    const row = this.#outbox()
      .database.prepare('SELECT "value" FROM "_marks" WHERE "name" = ?')
      .get(name);
    return row === undefined ? null : String(row["value"]);
  }

  #find({ table: name, among, after, limit }: Find): readonly StoredRow[] {
    const table = this.#table(name);
    const key = quotedList(table.keyColumns, "t");
    const conditions: string[] = [];
    if (among) {
      const first = quotedList(table.keyColumns.slice(0, 1), "t");
      conditions.push(`${first} IN (SELECT "value" FROM json_each(?))`);
    }
    if (after) conditions.push(`(${key}) > (${after.map(() => "?").join(", ")})`);
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const values = [
      ...(among ? [JSON.stringify(among)] : []),
      ...keyValuesOf(table, after ?? []),
      limit,
    ];
    return this.#prepare(
      `SELECT t.*, c."partition" AS "_partitionKey"
       FROM ${quoted(name)} t CROSS JOIN "_checkpoints" c ON c."id" = "_partition"
       ${where} ORDER BY ${key} LIMIT ?`,
    )
      .all(...values)
      .map((stored) => ({
        row: readRow(table, stored),
        partition: String(stored["_partitionKey"]) as PartitionKey,
        position: Number(stored["_position"]),
      }));
  }

  /** False when the row has changed since it was read. */
  #settle({ table: name, row, partition, position }: SettledRow): boolean {
    const table = this.#table(name);
    const matches = table.keyColumns.map((column) => `${quoted(column)} = ?`).join(" AND ");
    const { changes } = this.#prepare(
      `DELETE FROM ${quoted(name)} WHERE ${matches} AND "_position" = ?
         AND "_partition" = (SELECT "id" FROM "_checkpoints" WHERE "partition" = ?)`,
    ).run(...keyValues(table, row), position, partition);
    return Number(changes) === 1;
  }

  #requireReign(): void {
    const now = Number(this.#outbox().reign.get()?.["epoch"]);
    if (now !== this.#epoch) throw otherReign(this.#epoch, now);
  }

  /** Undoes all of it when `work` throws or gives null. */
  #inReign<T>(work: (database: DatabaseSync) => T | null): T | null {
    const { database } = this.#outbox();
    database.exec("BEGIN IMMEDIATE");
    try {
      this.#requireReign();
      const result = work(database);
      database.exec(result === null ? "ROLLBACK" : "COMMIT");
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  #table(name: string): StoredTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new RangeError(`no table ${name}`);
    return table;
  }

  /** Each text once per connection. */
  #prepare(sql: string): StatementSync {
    const { database, prepared } = this.#outbox();
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  }

  #outbox(): Opened {
    if (this.#opened === null) throw new Error("the process store was not created");
    return this.#opened;
  }

  #closeOutbox(): void {
    this.#opened?.database.close();
    this.#opened = null;
  }
}

type Opened = ReturnType<typeof open>;

function open(file: string) {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(OWN_TABLES);
    return {
      database,
      prepared: new Map<string, StatementSync>(),
      insert: database.prepare(
        `INSERT INTO "_outbox" ("target", "commandId", "command") VALUES (?, ?, ?)
         ON CONFLICT ("commandId") DO NOTHING`,
      ),
      mark: database.prepare(
        `INSERT INTO "_marks" VALUES (?, ?)
         ON CONFLICT ("name") DO UPDATE SET "value" = excluded."value"`,
      ),
      first: database.prepare(
        `SELECT "entry", "command" FROM "_outbox"
         WHERE "entry" IN (SELECT min("entry") FROM "_outbox" GROUP BY "target")
         ORDER BY "entry" LIMIT ?`,
      ),
      remove: database.prepare('DELETE FROM "_outbox" WHERE "entry" = ?'),
      reign: database.prepare('SELECT "epoch" FROM "_reign"'),
      count: database.prepare('SELECT count(*) AS "entries" FROM "_outbox"'),
      ofTarget: database.prepare('SELECT 1 FROM "_outbox" WHERE "target" = ? LIMIT 1'),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function put(insert: StatementSync, command: PlannedCommand): void {
  insert.run(targetOf(command), command.commandId, JSON.stringify(command));
}
