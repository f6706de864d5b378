import { type Document, Double, type IndexDescription } from "mongodb";
import type { PartitionKey } from "../../../platform/log/log.ts";
import { orderedKey } from "../../runner/ordered-key.ts";
import type { ColumnType, Row, Value } from "../../runner/projection.ts";
import {
  DataError,
  type PositionedChange,
  type RowOrigin,
  type StoredRow,
} from "../../runner/read-store.ts";
import {
  cannotHold,
  checkedValue,
  keyValues,
  type StoredTable,
} from "../../runner/stored-table.ts";
import { type MongoFilter, mongoInteger, type StoredDocument } from "./database.ts";

/**
 * How a row of a declared table stands in MongoDB, in `strategies_g3_strategies`:
 *
 *   { _id: "s-1",                             its key, see `ordered-key.ts`
 *     strategyId: "s-1", owner: "anna",       its columns: integers of 64 bits, decimals and JSON
 *     version: 2, document: "{…}", …          as their text, which is given back as it came
 *     _partition: "strategies.events/0",      which event last changed it
 *     _position: 17,
 *     _first: 3,                              which made it; not of a table whose rows never change
 *     _found: { tags: ["fast"], … } }         made of the columns, for indexes: see `MongoLayout`
 *
 * A deleted row leaves `{ _id, _partition, _position, _deleted: true }`, so that an older change
 * that arrives late finds something newer.
 */
export interface MongoLayout {
  readonly indexes: readonly MongoIndex[];
  /** Of a table's row: what of it is found by indexes, and is not a column. */
  readonly found: Readonly<Record<string, (row: Row) => Document>>;
}

export interface MongoIndex {
  readonly table: string;
  /** Paths in the document: `owner`, `_found.tags`; the key comes last by itself. */
  readonly fields: readonly string[];
}

export const NO_LAYOUT: MongoLayout = { indexes: [], found: {} };

export const NOT_DELETED: MongoFilter = { _deleted: { $exists: false } };

/**
 * A document holds 16 MB, and a character takes at most three bytes. What `_found` repeats of them
 * is at most as much again, twice.
 */
const MOST_ROW_CHARACTERS = 1_500_000;

export function indexDescription({ fields }: MongoIndex): IndexDescription {
  const keys = [...fields, "_id"];
  return { name: keys.join("_"), key: Object.fromEntries(keys.map((field) => [field, 1])) };
}

/** The whole document of a change; content that a row cannot hold is a `DataError`. */
export function documentOf(
  stored: StoredTable,
  { row, position, first = position, deleted }: PositionedChange,
  more: { readonly partition: PartitionKey; readonly found: MongoLayout["found"][string] | null },
): StoredDocument {
  const origin = { _partition: more.partition, _position: mongoInteger(position) };
  const _id = orderedKey(keyOfRow(stored, row));
  if (deleted) return { _id, ...origin, _deleted: true };
  const document: Record<string, unknown> = {};
  let characters = 0;
  stored.columns.forEach((column, i) => {
    const value = checkedValue(row[column], stored, i);
    if (typeof value === "string") characters += value.length;
    document[column] = storedValue(stored.types[i] as ColumnType, value);
  });
  if (characters > MOST_ROW_CHARACTERS) {
    throw new DataError(`${stored.name}: a row of ${characters} characters is too large`);
  }
  const found = more.found === null ? {} : { _found: foundIn(more.found, stored, row) };
  const began = stored.table.immutable ? {} : { _first: mongoInteger(first) };
  return { _id, ...document, ...origin, ...began, ...found };
}

function keyOfRow(stored: StoredTable, row: Row): Value[] {
  const key = keyValues(stored, row);
  const empty = key.indexOf(null);
  if (empty !== -1) throw cannotHold(null, stored, empty);
  return key;
}

function foundIn(find: (row: Row) => Document, { name }: StoredTable, row: Row): Document {
  try {
    return find(row);
  } catch (cause) {
    throw new DataError(`${name}: a row cannot be indexed: ${String(cause)}`, { cause });
  }
}

function storedValue(type: ColumnType, value: Value): unknown {
  if (typeof value !== "number") return value;
  return type === "integer" ? mongoInteger(value) : new Double(value);
}

/** The declared row, with what last changed it. */
export function storedRowOf({ columns }: StoredTable, document: StoredDocument): StoredRow {
  const row: Record<string, Value> = {};
  for (const column of columns) row[column] = document[column] as Value;
  const { _partition, _position } = document;
  return { row, partition: _partition as PartitionKey, position: _position as number };
}

/** The row with what made it, too. */
export function rowOriginOf(stored: StoredTable, document: StoredDocument): RowOrigin {
  const { _first, _position } = document;
  return { ...storedRowOf(stored, document), first: (_first ?? _position) as number };
}
