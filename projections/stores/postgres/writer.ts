import type { Value } from "../../runner/projection.ts";
import { type Batch, DataError, type PositionedChange } from "../../runner/read-store.ts";
import {
  keyValues,
  quoted,
  quotedList,
  type StoredTable,
  storableText,
} from "../../runner/stored-table.ts";
import type { PostgresStatement, PostgresValue } from "./pool.ts";
import { arrayType, boundValue, tableName } from "./table.ts";

/**
 * One statement writes a batch: it moves the checkpoint from where it must stand, and only if it
 * does, `claim` has the row from which everything else is made. So changes and checkpoint are one
 * atomic step in one journey to the server.
 *
 *   WITH claim AS (UPDATE "_checkpoints" SET … WHERE "partition" = $4 AND "next" = $5 AND "epoch" = $6
 *                  RETURNING "id", "partition"),
 *     parked AS (INSERT INTO "_parked" … FROM claim, unnest($7::text[], …)),
 *     released AS (DELETE FROM "_parked" … USING claim WHERE "stream" = ANY($13) …),
 *     causes AS (INSERT INTO "_causes" …),
 *     written_0 AS (INSERT INTO "accounts" AS t … FROM claim, unnest($14::text[], …)
 *                   ON CONFLICT ("owner", …) DO UPDATE SET … WHERE t."_position" < …),
 *     written_1 AS (DELETE FROM "accounts" AS t USING claim, unnest($21::text[], …) WHERE …), …
 *   SELECT "id" FROM claim
 *
 * Tables that a batch leaves alone are left out of its statement: there are as many statements as
 * there are sets of tables that batches change, and a connection prepares each once.
 */
export class PostgresWriter {
  readonly #schema: string;
  readonly #tables: ReadonlyMap<string, StoredTable>;
  readonly #statements = new Map<string, NamedText>();

  constructor(schema: string, tables: ReadonlyMap<string, StoredTable>) {
    this.#schema = schema;
    this.#tables = tables;
  }

  /** Gives a row where the batch was applied, none where the checkpoint stands elsewhere. */
  apply(batch: Batch): PostgresStatement {
    const parts = this.#partsOf(batch.changes);
    const values = [...checkpointValues(batch), ...parts.flatMap(({ arrays }) => arrays)];
    return { ...this.#statementOf(parts), values };
  }

  #statementOf(parts: readonly Part[]): NamedText {
    const shape = parts.map(({ kind, stored }) => `${kind} ${stored.name}`).join();
    const known = this.#statements.get(shape);
    if (known !== undefined) return known;
    const text = applySql(this.#schema, parts);
    // One beyond the limit is written all the same, and prepared each time.
    if (this.#statements.size >= PREPARED_STATEMENTS) return { text };
    const statement = { name: `apply_${this.#statements.size}`, text };
    this.#statements.set(shape, statement);
    return statement;
  }

  /** Each kind of writing of each table by itself, in the order in which they come. */
  #partsOf(changes: readonly PositionedChange[]): Part[] {
    const parts = {
      upsert: new Map<string, Part>(),
      renew: new Map<string, Part>(),
      delete: new Map<string, Part>(),
    };
    for (const change of changes) {
      const { table } = change;
      const ofKind = parts[kindOf(change)];
      const part = ofKind.get(table) ?? emptyPart(this.#tables.get(table), change);
      ofKind.set(table, part);
      if (change.deleted) addKey(part, change);
      else addRow(part, change);
    }
    return Object.values(parts).flatMap((ofKind) => [...ofKind.values()]);
  }
}

/** Per connection; a server keeps a plan for each. */
const PREPARED_STATEMENTS = 200;

type NamedText = Pick<PostgresStatement, "name" | "text">;

/** A row that is renewed forgets where it began before. */
type Kind = "upsert" | "renew" | "delete";

function kindOf({ deleted, begins }: PositionedChange): Kind {
  if (deleted) return "delete";
  return begins ? "renew" : "upsert";
}

/** What a batch writes into a table, or deletes from it: a value of each array makes a row. */
interface Part {
  readonly stored: StoredTable;
  readonly kind: Kind;
  /** Of the columns and what says where the row comes from; of a deletion, of the key. */
  readonly arrays: readonly Value[][];
}

function emptyPart(stored: StoredTable | undefined, change: PositionedChange): Part {
  const kind = kindOf(change);
  if (stored === undefined) throw new DataError(`the read model has no table ${change.table}`);
  const { keyColumns, columns } = stored;
  const count = kind === "delete" ? keyColumns.length : columns.length + originOf(stored).length;
  return { stored, kind, arrays: Array.from({ length: count }, () => []) };
}

/** Columns behind the declared ones, in the order in which a batch brings them. */
function originOf({ keepsFirst }: StoredTable): readonly string[] {
  return keepsFirst ? ["_position", "_first"] : ["_position"];
}

function addRow(
  { stored, arrays }: Part,
  { row, position, first = position }: PositionedChange,
): void {
  const { columns } = stored;
  for (let i = 0; i < columns.length; i += 1) {
    arrays[i]?.push(boundValue(row[columns[i] as string], stored, i));
  }
  arrays[columns.length]?.push(position);
  arrays[columns.length + 1]?.push(first);
}

function addKey({ stored, arrays }: Part, { row }: PositionedChange): void {
  for (const [i, value] of keyValues(stored, row).entries()) arrays[i]?.push(value);
}

const CHECKPOINT_VALUES = 13;

function checkpointValues(batch: Batch): PostgresValue[] {
  const { next, highestClaim, recordedAtMs, partition, expected, epoch } = batch;
  const { parked, causes, released } = batch;
  return [
    ...[next, highestClaim, recordedAtMs, partition, expected, epoch],
    parked.map(({ stream }) => stream),
    parked.map(({ position }) => position),
    parked.map(({ sequence }) => sequence),
    parked.map(({ reason }) => storableText(reason)),
    [...causes.keys()],
    [...causes.values()],
    [...released],
  ];
}

function applySql(schema: string, parts: readonly Part[]): string {
  const expressions = [
    ...[claimSql(schema), parkedSql(schema), releasedSql(schema), causesSql(schema)],
  ];
  let next = CHECKPOINT_VALUES + 1;
  for (const [i, part] of parts.entries()) {
    const sql = (part.kind === "delete" ? deleteSql : upsertSql)(schema, part, next);
    expressions.push(`written_${i} AS (${sql})`);
    next += part.arrays.length;
  }
  return `WITH ${expressions.join(",\n")}\nSELECT "id" FROM claim`;
}

function claimSql(schema: string): string {
  return `claim AS (
    UPDATE ${tableName(schema, "_checkpoints")}
    SET "next" = $1, "highestClaim" = $2, "recordedAtMs" = $3
    WHERE "partition" = $4 AND "next" = $5 AND "epoch" = $6
    RETURNING "id", "partition")`;
}

/** One that is parked stays where it is, unless it was released to here. */
function parkedSql(schema: string): string {
  return `parked AS (
    INSERT INTO ${tableName(schema, "_parked")} AS t
    SELECT claim."partition", u.*
    FROM claim CROSS JOIN unnest($7::text[], $8::bigint[], $9::bigint[], $10::text[]) AS u
    ON CONFLICT ("partition", "stream") DO UPDATE SET "position" = EXCLUDED."position",
      "sequence" = EXCLUDED."sequence", "reason" = EXCLUDED."reason"
    WHERE t."stream" = ANY($13::text[]))`;
}

/** The parts of one statement do not see each other's rows: each has streams of its own. */
function releasedSql(schema: string): string {
  return `released AS (
    DELETE FROM ${tableName(schema, "_parked")} AS t USING claim
    WHERE t."partition" = claim."partition" AND t."stream" = ANY($13::text[])
      AND NOT t."stream" = ANY($7::text[]))`;
}

function causesSql(schema: string): string {
  return `causes AS (
    INSERT INTO ${tableName(schema, "_causes")} AS t
    SELECT claim."partition", u.* FROM claim CROSS JOIN unnest($11::text[], $12::bigint[]) AS u
    ON CONFLICT ("partition", "source")
    DO UPDATE SET "next" = greatest(t."next", EXCLUDED."next"))`;
}

/**
 * An immutable row that is there already stays, and another keeps where it began. The gate by
 * position is the second lock on the door: with the claim alone no older change can come, unless
 * somebody sets a checkpoint back.
 */
function upsertSql(schema: string, { stored, kind }: Part, first: number): string {
  const { name, table, keyColumns, columns } = stored;
  const origin = originOf(stored);
  const all = [...columns, ...origin, "_partition"];
  const types = [...columns.map((_, i) => arrayType(stored, i)), ...origin.map(() => "bigint[]")];
  const arrays = types.map((type, i) => `$${first + i}::${type}`);
  const kept = kind === "renew" ? keyColumns : [...keyColumns, "_first"];
  const sets = all
    .filter((column) => !kept.includes(column))
    .map((column) => `${quoted(column)} = EXCLUDED.${quoted(column)}`);
  const onConflict = table.immutable
    ? "DO NOTHING"
    : `DO UPDATE SET ${sets.join(", ")} WHERE t."_position" < EXCLUDED."_position"`;
  return `INSERT INTO ${tableName(schema, name)} AS t (${quotedList(all)})
    SELECT u.*, claim."id" FROM claim CROSS JOIN unnest(${arrays.join(", ")}) AS u
    ON CONFLICT (${quotedList(keyColumns)}) ${onConflict}`;
}

function deleteSql(schema: string, { stored }: Part, first: number): string {
  const { name, keyColumns } = stored;
  const arrays = keyColumns.map((_, i) => `$${first + i}::${arrayType(stored, i)}`);
  const matches = keyColumns.map((column) => `t.${quoted(column)} = u.${quoted(column)}`);
  return `DELETE FROM ${tableName(schema, name)} AS t
    USING claim CROSS JOIN unnest(${arrays.join(", ")}) AS u (${quotedList(keyColumns)})
    WHERE ${matches.join(" AND ")}`;
}
