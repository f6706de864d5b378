import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { Event } from "../../platform/kernel/decider.ts";

/**
 * What a column holds. Decimals stand as canonical text (`decimalText`), times as epoch ms,
 * `json` as text of JSON, `boolean` as true or false.
 */
export type ColumnType = "text" | "integer" | "decimal" | "double" | "boolean" | "json";

export type Value = string | number | boolean | null;

/**
 * One table of a read model, declared once: adapters create it, write it, and read it back from
 * this. A row is changed by one partition only and is written whole (last write wins).
 */
export interface Table {
  /** The columns that identify a row, in key order. */
  readonly key: Readonly<Record<string, ColumnType>>;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Rows never change once written: no compaction needed, writing again is harmless. */
  readonly immutable?: true;
  /**
   * Rows keep what last changed them, and not what made them: for tables that outlive the code
   * which made them, before rows kept that.
   */
  readonly firstUnknown?: true;
}

export type Tables = Readonly<Record<string, Table>>;

/** Key and other columns together. */
export type Row = Readonly<Record<string, Value>>;

/** The whole row after the event, or its deletion (`row` then holds the key columns alone). */
export interface Change {
  readonly table: string;
  readonly row: Row;
  readonly deleted?: true;
}

/** The pure function from events to changes of a read model. */
export interface Projection<E extends Event = Event> {
  readonly name: string;
  /** Rises when `project` or `tables` change, or a text index comes; a process feeds only
   *  generations of its version. */
  readonly version: number;
  /**
   * In what a build of this version may differ from one of version `since` or later, as `table` or
   * `table.column`; nothing else may. Without it, a new version is promoted by force alone.
   */
  readonly changes?: { readonly since: number; readonly differs: readonly string[] };
  readonly topics: readonly string[];
  readonly tables: Tables;
  /** Never reads the read model; events carry the resulting numbers. */
  project(recorded: RecordedEvent<E>): readonly Change[];
}
