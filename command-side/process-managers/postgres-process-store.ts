import type { PartitionKey } from "../../platform/log/log.ts";
import type { Projection, Value } from "../../projections/runner/projection.ts";
import type { Batch, Checkpoint, StoredRow } from "../../projections/runner/read-store.ts";
import { integer, type SqlRow, text } from "../../projections/runner/sql-row.ts";
import {
  keyValues,
  keyValuesOf,
  quoted,
  quotedList,
  type StoredTable,
  storedTable,
} from "../../projections/runner/stored-table.ts";
import { raiseEpoch, readCheckpoints } from "../../projections/stores/postgres/checkpoints.ts";
import { PostgresPool, type PostgresSession } from "../../projections/stores/postgres/pool.ts";
import { beginIn, bringLayoutOn, type Layout } from "../../projections/stores/postgres/schema.ts";
import { PostgresReadStore, WRITER_SETTINGS } from "../../projections/stores/postgres/store.ts";
import { arrayType, readRow, tableName } from "../../projections/stores/postgres/table.ts";
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

/** Planning, and answers to commands, side by side. */
const CONNECTIONS = 4;

/**
 * A command that was sent must still be in the outbox after a power loss, else it could be planned
 * anew with other figures.
 */
const SETTINGS = { ...WRITER_SETTINGS, synchronous_commit: "on" };

/**
 * Beside the tables of a read store:
 *
 *   _outbox   one row per command that is not answered yet; `entry` gives the order
 *   _starts   one row per partition: from where on the manager acts, why, and since when
 *   _marks    what a manager remembers of its own planning
 *   _reign    one row: whose writes are taken, and of which log
 */
const LAYOUT: Layout = {
  table: "_reign",
  steps: [
    `CREATE TABLE "_outbox" (
       "entry" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "target" text COLLATE "C" NOT NULL,
       "commandId" text NOT NULL UNIQUE, "command" json NOT NULL
     );
     CREATE INDEX "_outbox_by_target" ON "_outbox" ("target", "entry");
     CREATE TABLE "_starts" (
       "partition" text COLLATE "C" NOT NULL PRIMARY KEY, "position" bigint NOT NULL,
       "reason" text NOT NULL, "atMs" bigint NOT NULL
     );
     CREATE TABLE "_marks" ("name" text NOT NULL PRIMARY KEY, "value" text NOT NULL);
     CREATE TABLE "_reign" ("layout" integer NOT NULL, "epoch" bigint NOT NULL, "logId" text);
     INSERT INTO "_reign" VALUES (1, 0, NULL);`,
  ],
};

/** `processes_risk_assessment`: the schema of a manager. */
export function processSchema(manager: string): string {
  return `processes_${manager.replaceAll("-", "_")}`;
}

export interface PostgresProcessStoreParts {
  readonly url: string;
  /** See `processSchema`. */
  readonly schema: string;
  readonly projection: Projection;
}

/** The PostgreSQL adapter: one schema per manager, whichever machine it runs on. */
export class PostgresProcessStore implements ProcessStore {
  readonly #schema: string;
  readonly #tables: ReadonlyMap<string, StoredTable>;
  readonly #store: PostgresReadStore;
  readonly #pool: PostgresPool;
  #epoch = 0;

  constructor(parts: PostgresProcessStoreParts) {
    const { url, schema } = parts;
    const projection = keptTables(parts.projection);
    this.#schema = schema;
    const tables = Object.entries(projection.tables);
    this.#tables = new Map(tables.map(([name, table]) => [name, storedTable(name, table)]));
    this.#store = new PostgresReadStore({ ...parts, projection });
    const settings = SETTINGS;
    this.#pool = new PostgresPool({ url, name: schema, connections: CONNECTIONS, settings });
  }

  async create(): Promise<void> {
    await this.#store.create();
    await bringLayoutOn(this.#pool, this.#schema, LAYOUT);
  }

  /** The row's lock waits for what an earlier reign is just writing. */
  async reign(logId: string): Promise<void> {
    const [row] = await this.#pool.query({
      text: `UPDATE ${this.#own("_reign")} SET "epoch" = "epoch" + 1, "logId" = $1
             WHERE "logId" IS NULL OR "logId" = $1 RETURNING "epoch"`,
      values: [logId],
    });
    if (row === undefined) throw otherLog(logId);
    this.#epoch = integer(row, "epoch");
  }

  /** In a reign alone: a ghost that takes late must not fence who has followed it. */
  async take(partition: PartitionKey, logId: string): Promise<Checkpoint> {
    return this.#inReign(async (session) => {
      await raiseEpoch(session, partition, logId);
      const checkpoint = (await readCheckpoints(session)).get(partition);
      if (checkpoint === undefined) throw new Error(`the checkpoint of ${partition} has vanished`);
      return checkpoint;
    });
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

  drop(): Promise<void> {
    return this.#store.drop();
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#store.close();
  }

  async starts(): Promise<ReadonlyMap<PartitionKey, Start>> {
    const rows = await this.#pool.query({ text: `SELECT * FROM ${this.#own("_starts")}` });
    return startsOf(rows);
  }

  async recordStarts(starts: readonly Start[]): Promise<void> {
    await this.#inReign(async (session) => {
      await session.query({
        text: `INSERT INTO "_starts"
               SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[])
               ON CONFLICT DO NOTHING`,
        values: [
          starts.map(({ partition }) => partition),
          starts.map(({ position }) => position),
          starts.map(({ reason }) => reason),
          starts.map(({ atMs }) => atMs),
        ],
      });
    });
  }

  async find(finds: readonly Find[]): Promise<readonly (readonly StoredRow[])[]> {
    const begin = beginIn(this.#schema, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return this.#pool.transaction(begin, async (session) => {
      const found: (readonly StoredRow[])[] = [];
      for (const find of finds) found.push(await this.#find(session, find));
      return found;
    });
  }

  async freeze({ commands, settled, marks = {} }: Frozen): Promise<"frozen" | "changed"> {
    const byTable = Map.groupBy(settled, ({ table }) => table);
    try {
      await this.#inReign(async (session) => {
        for (const [table, rows] of byTable) await this.#settle(session, table, rows);
        await put(session, commands);
        await remember(session, marks);
      });
      return "frozen";
    } catch (error) {
      if (error instanceof Changed) return "changed";
      throw error;
    }
  }

  /** Always a row of the reign, and beside it the entries. */
  async ready(limit: number): Promise<readonly OutboxEntry[]> {
    const outbox = this.#own("_outbox");
    const rows = await this.#pool.query({
      name: "ready",
      text: `SELECT r."epoch", first.*
             FROM ${this.#own("_reign")} r LEFT JOIN LATERAL (
               SELECT o."entry", o."command" FROM ${outbox} o
               WHERE NOT EXISTS (SELECT 1 FROM ${outbox} earlier
                 WHERE earlier."target" = o."target" AND earlier."entry" < o."entry")
               ORDER BY o."entry" LIMIT $1
             ) first ON true
             ORDER BY first."entry"`,
      values: [limit],
    });
    this.#requireReign(rows[0]);
    return rows.filter((row) => row["entry"] !== null).map(entryOf);
  }

  async strike({ entry }: OutboxEntry, followUps: readonly PlannedCommand[]): Promise<void> {
    await this.#inReign(async (session) => {
      const struck = await session.query({
        text: 'DELETE FROM "_outbox" WHERE "entry" = $1 RETURNING 1',
        values: [entry],
      });
      if (struck.length === 1) await put(session, followUps);
    });
  }

  async outboxSize(): Promise<number> {
    const count = `SELECT count(*) AS entries FROM ${this.#own("_outbox")}`;
    const [row = {}] = await this.#pool.query({ text: count });
    return integer(row, "entries");
  }

  async waiting(aggregate: string, aggregateIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#pool.query({
      name: "waiting",
      text: `SELECT DISTINCT "target" FROM ${this.#own("_outbox")} WHERE "target" = ANY ($1::text[])`,
      values: [aggregateIds.map((aggregateId) => targetOf({ aggregate, aggregateId }))],
    });
    const targets = new Set(rows.map((row) => text(row, "target")));
    return new Set(
      aggregateIds.filter((aggregateId) => targets.has(targetOf({ aggregate, aggregateId }))),
    );
  }

  async mark(name: string): Promise<string | null> {
    const [row] = await this.#pool.query({
      text: `SELECT "value" FROM ${this.#own("_marks")} WHERE "name" = $1`,
      values: [name],
    });
    return row === undefined ? null : text(row, "value");
  }

  async #find(session: PostgresSession, find: Find): Promise<readonly StoredRow[]> {
    const { table: name, among, after, limit } = find;
    const table = this.#table(name);
    const key = quotedList(table.keyColumns, "t");
    const conditions: string[] = [];
    if (among)
      conditions.push(`${quotedList(table.keyColumns.slice(0, 1), "t")} = ANY ($2::text[])`);
    if (after) {
      const first = among ? 3 : 2;
      conditions.push(`(${key}) > (${after.map((_, i) => `$${first + i}`).join(", ")})`);
    }
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const found = await session.query({
      name: `find ${name} ${among !== undefined} ${after?.length ?? 0}`,
      text: `SELECT ${quotedList(table.columns, "t")}, c."partition" AS "_partitionKey", "_position"
             FROM ${quoted(name)} t JOIN "_checkpoints" c ON c."id" = "_partition"
             ${where} ORDER BY ${key} LIMIT $1`,
      values: [limit, ...(among ? [among] : []), ...keyValuesOf(table, after ?? [])],
    });
    return found.map((stored) => ({
      row: readRow(table, stored),
      partition: text(stored, "_partitionKey") as PartitionKey,
      position: integer(stored, "_position"),
    }));
  }

  /** All of them, or `Changed`. */
  async #settle(
    session: PostgresSession,
    name: string,
    rows: readonly SettledRow[],
  ): Promise<void> {
    const table = this.#table(name);
    const { keyColumns } = table;
    const keys = rows.map(({ row }) => keyValues(table, row));
    const arrays = keyColumns.map((_, i) => `$${i + 3}::${arrayType(table, i)}`);
    const matches = keyColumns.map((column) => `t.${quoted(column)} = u.${quoted(column)}`);
    const settled = await session.query({
      name: `settle ${name}`,
      text: `DELETE FROM ${quoted(name)} AS t
             USING unnest($1::text[], $2::bigint[], ${arrays.join(", ")})
                 AS u ("_partitionKey", "_position", ${quotedList(keyColumns)})
               JOIN "_checkpoints" c ON c."partition" = u."_partitionKey"
             WHERE ${matches.join(" AND ")}
               AND t."_position" = u."_position" AND t."_partition" = c."id"
             RETURNING 1`,
      values: [
        rows.map(({ partition }) => partition),
        rows.map(({ position }) => position),
        ...keyColumns.map((_, i) => keys.map((key) => key[i] ?? null)),
      ],
    });
    if (settled.length !== rows.length) throw new Changed();
  }

  /** While it holds the row's lock, no other reign can begin. */
  #inReign<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    const begin = `${beginIn(this.#schema)}; SELECT "epoch" FROM "_reign" FOR SHARE`;
    return this.#pool.transaction(begin, (session, [, , reign = []]) => {
      this.#requireReign(reign[0]);
      return work(session);
    });
  }

  #requireReign(row: SqlRow | undefined): void {
    const now = integer(row ?? {}, "epoch");
    if (now !== this.#epoch) throw otherReign(this.#epoch, now);
  }

  #table(name: string): StoredTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new RangeError(`no table ${name}`);
    return table;
  }

  #own(table: string): string {
    return tableName(this.#schema, table);
  }
}

/** A settled row has changed since it was read: the transaction is undone. */
class Changed extends Error {}

/** In their order; what is there already stays. */
async function put(session: PostgresSession, commands: readonly PlannedCommand[]): Promise<void> {
  if (commands.length === 0) return;
  await session.query({
    name: "put",
    text: `INSERT INTO "_outbox" ("target", "commandId", "command")
           SELECT u."target", u."commandId", u."command"
           FROM unnest($1::text[], $2::text[], $3::json[])
             WITH ORDINALITY AS u ("target", "commandId", "command", "place")
           ORDER BY u."place"
           ON CONFLICT ("commandId") DO NOTHING`,
    values: [
      commands.map(targetOf),
      commands.map(({ commandId }) => commandId),
      commands.map((command) => JSON.stringify(command)),
    ],
  });
}

async function remember(
  session: PostgresSession,
  marks: Readonly<Record<string, string>>,
): Promise<void> {
  if (Object.keys(marks).length === 0) return;
  await session.query({
    text: `INSERT INTO "_marks" SELECT * FROM unnest($1::text[], $2::text[])
           ON CONFLICT ("name") DO UPDATE SET "value" = EXCLUDED."value"`,
    values: [Object.keys(marks), Object.values(marks)],
  });
}
