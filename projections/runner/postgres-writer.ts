import type { PostgresStatement, PostgresValue } from "./postgres-pool.ts";
import { arrayType, boundValue, tableName } from "./postgres-table.ts";
import type { Value } from "./projection.ts";
import { type Batch, DataError, type PositionedChange } from "./read-store.ts";
import { keyValues, quoted, quotedList, type StoredTable, storableText } from "./stored-table.ts";

/**
 * One statement writes a batch: it moves the checkpoint from where it must stand, and only if it
 * does, `claim` has the row from which everything else is made. So changes and checkpoint are one
 * atomic step in one journey to the server.
 *
 *   WITH claim AS (UPDATE "_checkpoints" SET … WHERE "partition" = $4 AND "next" = $5 AND "epoch" = $6
 *                  RETURNING "id", "partition"),
 *     parked AS (INSERT INTO "_parked" … FROM claim, unnest($7::text[], …)),
 *     causes AS (INSERT INTO "_causes" …),
 *     upserted_0 AS (INSERT INTO "accounts" AS t … FROM claim, unnest($13::text[], …)
 *                    ON CONFLICT ("owner", …) DO UPDATE SET … WHERE t."_position" < …),
 *     deleted_0 AS (DELETE FROM "accounts" AS t USING claim, unnest($20::text[], …) WHERE …), …
 *   SELECT "id" FROM claim
 *
 * The text is the same for every batch, so that a connection prepares it once; a table that a batch
 * leaves alone gets empty arrays.
 */
export class PostgresWriter {
  readonly #tables: readonly StoredTable[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #text: string;

  constructor(schema: string, tables: readonly StoredTable[]) {
    this.#tables = tables;
    this.#places = new Map(tables.map(({ name }, place) => [name, place]));
    this.#text = applySql(schema, tables);
  }

  /** Gives a row where the batch was applied, none where the checkpoint stands elsewhere. */
  apply(batch: Batch): PostgresStatement {
    const values = [...checkpointValues(batch), ...this.#arraysOf(batch.changes).flat()];
    return { name: "apply", text: this.#text, values };
  }

  /** The arrays of every table: of its upserts' columns with their position, of its deletions' key. */
  #arraysOf(changes: readonly PositionedChange[]): Value[][][] {
    const arrays = this.#tables.map(({ columns, keyColumns }) => {
      return emptyArrays(columns.length + 1 + keyColumns.length);
    });
    for (const change of changes) {
      const place = this.#places.get(change.table);
      if (place === undefined) throw new DataError(`the read model has no table ${change.table}`);
      addChange(arrays[place] as Value[][], this.#tables[place] as StoredTable, change);
    }
    return arrays;
  }
}

function addChange(
  arrays: readonly Value[][],
  stored: StoredTable,
  { row, position, deleted }: PositionedChange,
): void {
  const { columns } = stored;
  if (deleted) {
    const key = keyValues(stored, row);
    for (let i = 0; i < key.length; i += 1) {
      arrays[columns.length + 1 + i]?.push(key[i] as Value);
    }
    return;
  }
  for (let i = 0; i < columns.length; i += 1) {
    arrays[i]?.push(boundValue(row[columns[i] as string], stored, i));
  }
  arrays[columns.length]?.push(position);
}

function emptyArrays(count: number): Value[][] {
  return Array.from({ length: count }, () => []);
}

const CHECKPOINT_VALUES = 12;

function checkpointValues(batch: Batch): PostgresValue[] {
  const { next, highestClaim, recordedAtMs, partition, expected, epoch, parked, causes } = batch;
  return [
    ...[next, highestClaim, recordedAtMs, partition, expected, epoch],
    parked.map(({ stream }) => stream),
    parked.map(({ position }) => position),
    parked.map(({ sequence }) => sequence),
    parked.map(({ reason }) => storableText(reason)),
    [...causes.keys()],
    [...causes.values()],
  ];
}

function applySql(schema: string, tables: readonly StoredTable[]): string {
  const parts = [claimSql(schema), parkedSql(schema), causesSql(schema)];
  let next = CHECKPOINT_VALUES + 1;
  for (const [i, stored] of tables.entries()) {
    parts.push(`upserted_${i} AS (${upsertSql(schema, stored, next)})`);
    next += stored.columns.length + 1;
    parts.push(`deleted_${i} AS (${deleteSql(schema, stored, next)})`);
    next += stored.keyColumns.length;
  }
  return `WITH ${parts.join(",\n")}\nSELECT "id" FROM claim`;
}

function claimSql(schema: string): string {
  return `claim AS (
    UPDATE ${tableName(schema, "_checkpoints")}
    SET "next" = $1, "highestClaim" = $2, "recordedAtMs" = $3
    WHERE "partition" = $4 AND "next" = $5 AND "epoch" = $6
    RETURNING "id", "partition")`;
}

function parkedSql(schema: string): string {
  return `parked AS (
    INSERT INTO ${tableName(schema, "_parked")}
    SELECT claim."partition", u.*
    FROM claim CROSS JOIN unnest($7::text[], $8::bigint[], $9::bigint[], $10::text[]) AS u
    ON CONFLICT DO NOTHING)`;
}

function causesSql(schema: string): string {
  return `causes AS (
    INSERT INTO ${tableName(schema, "_causes")} AS t
    SELECT claim."partition", u.* FROM claim CROSS JOIN unnest($11::text[], $12::bigint[]) AS u
    ON CONFLICT ("partition", "source")
    DO UPDATE SET "next" = greatest(t."next", EXCLUDED."next"))`;
}

/**
 * An immutable row that is there already stays. The gate by position is the second lock on the
 * door: with the claim alone no older change can come, unless somebody sets a checkpoint back.
 */
function upsertSql(schema: string, stored: StoredTable, first: number): string {
  const { name, table, keyColumns, columns } = stored;
  const all = [...columns, "_position", "_partition"];
  const arrays = columns.map((_, i) => `$${first + i}::${arrayType(stored, i)}`);
  arrays.push(`$${first + columns.length}::bigint[]`);
  const sets = all
    .filter((column) => !keyColumns.includes(column))
    .map((column) => `${quoted(column)} = EXCLUDED.${quoted(column)}`);
  const onConflict = table.immutable
    ? "DO NOTHING"
    : `DO UPDATE SET ${sets.join(", ")} WHERE t."_position" < EXCLUDED."_position"`;
  return `INSERT INTO ${tableName(schema, name)} AS t (${quotedList(all)})
    SELECT u.*, claim."id" FROM claim CROSS JOIN unnest(${arrays.join(", ")}) AS u
    ON CONFLICT (${quotedList(keyColumns)}) ${onConflict}`;
}

function deleteSql(schema: string, stored: StoredTable, first: number): string {
  const { name, keyColumns } = stored;
  const arrays = keyColumns.map((_, i) => `$${first + i}::${arrayType(stored, i)}`);
  const matches = keyColumns.map((column) => `t.${quoted(column)} = u.${quoted(column)}`);
  return `DELETE FROM ${tableName(schema, name)} AS t
    USING claim CROSS JOIN unnest(${arrays.join(", ")}) AS u (${quotedList(keyColumns)})
    WHERE ${matches.join(" AND ")}`;
}
