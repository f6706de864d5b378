import { keyOf } from "./key-order.ts";
import type { ColumnType, Row, Table, Value } from "./projection.ts";
import { DataError } from "./read-store.ts";

/** A declared table as the SQL stores see it: its columns in the order they are bound and read. */
export interface StoredTable {
  readonly name: string;
  readonly table: Table;
  readonly keyColumns: readonly string[];
  /** Key and other columns. */
  readonly columns: readonly string[];
  /** The types of `columns`. */
  readonly types: readonly ColumnType[];
  /** Whether a row has, in a column of its own, which event made it. */
  readonly keepsFirst: boolean;
}

/** An index beside the primary key, which a reader's queries need. */
export interface TableIndex {
  readonly table: string;
  readonly columns: readonly string[];
}

/** As much of a refused value as its message shows. */
const SHOWN_CHARACTERS = 100;

export function storedTable(name: string, table: Table): StoredTable {
  const keyColumns = Object.keys(table.key);
  for (const [column, type] of Object.entries(table.key)) {
    if (type !== "text" && type !== "integer") {
      throw new RangeError(`${name}.${column}: a key column is text or integer, not ${type}`);
    }
  }
  const columns = [...keyColumns, ...Object.keys(table.columns)];
  const types = [...Object.values(table.key), ...Object.values(table.columns)];
  const keepsFirst = table.immutable !== true && table.firstUnknown !== true;
  return { name, table, keyColumns, columns, types, keepsFirst };
}

/** Those that a store of columns alone can make. */
export function columnIndexes(indexes: readonly { readonly table: string }[]): TableIndex[] {
  return indexes.filter((index): index is TableIndex => "columns" in index);
}

export function indexName({ table, columns }: TableIndex): string {
  return [table, "by", ...columns].join("_");
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `of`: the table's name in a statement that has more than one. */
export function quotedList(names: readonly string[], of?: string): string {
  return names.map((name) => (of === undefined ? "" : `${of}.`) + quoted(name)).join(", ");
}

/** A key column is text or integer. */
type KeyValue = Exclude<Value, boolean>;

export function keyValues(table: StoredTable, row: Row): KeyValue[] {
  return keyValuesOf(table, keyOf(table.table, row));
}

export function keyValuesOf(table: StoredTable, key: readonly Value[]): KeyValue[] {
  return key.map((value, i) => checkedValue(value, table, i) as KeyValue);
}

/**
 * The value, where its column can hold it. What some store would silently change is refused by all,
 * so that a read model is the same in each: NaN, 5 for "5", 2^53 + 1, NUL and half of a surrogate
 * pair in a text.
 */
export function checkedValue(value: Value | undefined, table: StoredTable, index: number): Value {
  const type = table.types[index];
  switch (typeof value) {
    case "string":
      if (holdsText(type) && isStorableText(value)) return value;
      break;
    case "number":
      if (type === "integer" ? Number.isSafeInteger(value) : isDouble(type, value)) return value;
      break;
    case "boolean":
      if (type === "boolean") return value;
      break;
    case "undefined":
      throw new DataError(`${table.name}.${table.columns[index]} is missing in the row`);
    default:
      return null;
  }
  throw cannotHold(value, table, index);
}

export function cannotHold(value: Value, table: StoredTable, index: number): DataError {
  // As JSON, whatever it is can be written into the reason of a parked stream.
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  const column = `${table.name}.${table.columns[index]} (${table.types[index]})`;
  return new DataError(`${column} cannot hold ${shown.slice(0, SHOWN_CHARACTERS)}`);
}

function holdsText(type: ColumnType | undefined): boolean {
  return type === "text" || type === "decimal" || type === "json";
}

function isStorableText(value: string): boolean {
  return value.isWellFormed() && !value.includes("\u0000");
}

function isDouble(type: ColumnType | undefined, value: number): boolean {
  return type === "double" && Number.isFinite(value);
}

/** A reason is made of whatever went wrong; parking must not fail for it. */
export function storableText(reason: string): string {
  return reason.toWellFormed().replaceAll("\u0000", "\\u0000");
}
