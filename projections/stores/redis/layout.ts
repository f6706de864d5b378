import type { PartitionKey } from "../../../platform/log/log.ts";
import type { ColumnType, Row, Value } from "../../runner/projection.ts";
import type { PositionedChange } from "../../runner/read-store.ts";
import {
  cannotHold,
  checkedValue,
  indexName,
  keyValues,
  keyValuesOf,
  type StoredTable,
  type TableIndex,
} from "../../runner/stored-table.ts";
import { ORDERED_NUMBER_CHARACTERS, orderedText } from "./order.ts";

/**
 * How a generation stands in Redis. Everything of one partition has one hash tag, so that one
 * script may change all of it, on a cluster too:
 *
 *   {risk:g3}:generation                      which projection at which version built it, as JSON
 *   {risk:g3}:partitions                      set of the partitions that were ever taken
 *   {risk:g3:risk.events/7}:_checkpoint       hash: next, epoch, logId, highestClaim, recordedAtMs
 *   {risk:g3:risk.events/7}:_parked           hash: stream → [position, sequence, reason]
 *   {risk:g3:risk.events/7}:_causes           hash: partition of the causes → next
 *   {risk:g3:risk.events/7}:limits            hash: key → [position, …columns] as JSON, and
 *                                             before it where the row began, if it may change
 *   {risk:g3:risk.events/7}:limits:order      sorted set of the keys, in key order
 *   {risk:g3:risk.events/7}:<index>           sorted set of the index's columns, in their order
 *   {risk:g3:risk.events/7}:<index>:of        hash: key → what stands of it in the index
 *
 * Keys are put into order by `order.ts`. Numbers stand in the JSON as JavaScript writes them,
 * decimals as their text: nothing is computed on the server.
 */
export class RedisLayout {
  readonly tables: ReadonlyMap<string, TablePlaces>;
  readonly #prefix: string;
  readonly #names: readonly string[];

  constructor(prefix: string, tables: Iterable<StoredTable>, indexes: readonly TableIndex[]) {
    const names: string[] = [...CHECKPOINT_NAMES];
    const place = (name: string) => names.push(name);
    const all = Array.from(tables, (stored): [string, TablePlaces] => {
      const { name } = stored;
      const [rows, order] = [place(name), place(`${name}:order`)];
      const its = indexes.filter(({ table }) => table === name);
      return [name, { stored, rows, order, indexes: its.map((one) => indexPlaces(stored, one)) }];
    });
    function indexPlaces(stored: StoredTable, index: TableIndex): IndexPlaces {
      const name = indexName(index);
      const [order, members] = [place(name), place(`${name}:of`)];
      return { name, ...checkedIndex(stored, index), order, members };
    }
    this.#prefix = prefix;
    this.#names = names;
    this.tables = new Map(all);
  }

  /** All keys of a partition; a script finds them by the places below. */
  keys(partition: PartitionKey): readonly string[] {
    return this.#names.map((name) => `{${this.#prefix}:${partition}}:${name}`);
  }
}

/** The first keys of every partition, in the order that the scripts know. */
const CHECKPOINT_NAMES = ["_checkpoint", "_parked", "_causes"] as const;

/** Places among the keys of a partition count from 1, as in the scripts. */
export interface TablePlaces {
  readonly stored: StoredTable;
  readonly rows: number;
  readonly order: number;
  readonly indexes: readonly IndexPlaces[];
}

export interface IndexPlaces {
  readonly name: string;
  readonly columns: readonly string[];
  readonly types: readonly ColumnType[];
  /** So many characters of an entry stand before the row's key. */
  readonly keyOffset: number;
  readonly order: number;
  readonly members: number;
}

/** An entry ends with the row's key, by which the row is found. */
function checkedIndex(stored: StoredTable, { columns }: TableIndex) {
  const { name, keyColumns } = stored;
  const before = columns.slice(0, -keyColumns.length);
  const types = columns.map((column) => stored.types[stored.columns.indexOf(column)]);
  const isKeyLast = keyColumns.every((column, i) => columns[before.length + i] === column);
  const areNumbers = before.every((_, i) => types[i] === "integer" || types[i] === "double");
  if (!isKeyLast || !areNumbers) {
    throw new RangeError(`an index of ${name} is numbers and then its key, not ${columns}`);
  }
  const keyOffset = before.length * ORDERED_NUMBER_CHARACTERS;
  return { columns, types: types as ColumnType[], keyOffset };
}

/** `risk:g3`: what the keys of a generation begin with. */
export function generationPrefix(projection: string, generation: number): string {
  return `${projection}:g${generation}`;
}

export function rowKey(stored: StoredTable, row: Row): string {
  const key = keyValues(stored, row);
  const missing = key.indexOf(null);
  if (missing >= 0) throw cannotHold(null, stored, missing);
  return joined(stored.types, key);
}

/** The beginning that the keys of all rows with these first key columns have in common. */
export function keyPrefix(stored: StoredTable, key: readonly Value[]): string {
  return joined(stored.types, keyValuesOf(stored, key));
}

/** Of the index's first columns, or of all. */
export function indexEntry({ types }: IndexPlaces, values: readonly Value[]): string {
  return joined(types, values);
}

function joined(types: readonly ColumnType[], values: readonly Value[]): string {
  return values.map((value, i) => orderedText(types[i] as ColumnType, value)).join("");
}

/**
 * A row as the script `APPLY` takes it, and as it is stored where none is there; what a column
 * cannot hold is refused.
 *
 *   [23,"p-1",…]       of a table whose rows never change
 *   17[23,"p-1",…]     began at 17, unless one is there, which began before
 *   =17[23,"p-1",…]    began at 17, whatever is there
 */
export function rowText(stored: StoredTable, change: Omit<PositionedChange, "table">): string {
  const { row, position, first = position, begins } = change;
  const { columns } = stored;
  const values: Value[] = [position];
  for (let i = 0; i < columns.length; i += 1) {
    values.push(checkedValue(row[columns[i] as string], stored, i));
  }
  const text = JSON.stringify(values);
  return stored.table.immutable ? text : `${begins ? "=" : ""}${first}${text}`;
}

/** A row as it was found in its partition. */
export interface FoundRow {
  readonly row: Row;
  readonly position: number;
  readonly first: number;
}

export function readRowText({ columns }: StoredTable, text: string): FoundRow {
  const start = text.indexOf("[");
  const [position, ...values] = JSON.parse(text.slice(start)) as Value[];
  const row = Object.fromEntries(columns.map((column, i) => [column, values[i] ?? null]));
  const first = start === 0 ? position : text.slice(0, start);
  return { row, position: Number(position), first: Number(first) };
}
