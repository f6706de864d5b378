import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { Projection, Value } from "../../projections/runner/projection.ts";
import { Fenced, type ReadStore, type StoredRow } from "../../projections/runner/read-store.ts";
import { integer, type SqlRow, text } from "../../projections/runner/sql-row.ts";
import type { PlannedCommand } from "./manager.ts";

/** Why a manager acts on events from a position on. */
type StartReason = "new log" | "end of the log" | "operator";

/** Events before the position only build the manager's state; nothing is sent for them. */
export interface Start {
  readonly partition: PartitionKey;
  readonly position: number;
  readonly reason: StartReason;
  readonly atMs: number;
}

export interface OutboxEntry {
  /** Rises; entries of one target are sent in this order. */
  readonly entry: number;
  readonly command: PlannedCommand;
}

/** Which rows of a table are asked for, in key order. */
export interface Find {
  readonly table: string;
  /** Rows whose first key column is one of these values. */
  readonly among?: readonly string[];
  /** Rows after this whole key. */
  readonly after?: readonly Value[] | undefined;
  readonly limit: number;
}

/** What is frozen in one transaction. */
export interface Frozen {
  readonly commands: readonly PlannedCommand[];
  /** Due rows that are done with; a row that has changed since it was read stays. */
  readonly settled: readonly SettledRow[];
  readonly marks?: Readonly<Record<string, string>>;
}

export interface SettledRow extends Pick<StoredRow, "row" | "partition" | "position"> {
  readonly table: string;
}

/**
 * What a manager keeps: its state with the checkpoint (a read store, written by the runner), and
 * the outbox. It has one process at a time: whoever reigns last. What an earlier one still writes
 * or wants to send is `Fenced`. Each write is one transaction, and harmless when it is done again
 * because nobody knows whether it has come through.
 */
export interface ProcessStore extends ReadStore {
  /**
   * Begins a reign, after `create`; the store decides between processes that do so at once. Throws
   * LOG_MISMATCH where the outbox is another log's.
   */
  reign(logId: string): Promise<void>;
  /** The starts on record; empty in a store that is new. */
  starts(): Promise<ReadonlyMap<PartitionKey, Start>>;
  /** Those that are on record already stay as they are. */
  recordStarts(starts: readonly Start[]): Promise<void>;
  /** Rows of the manager's state and of what is due; all answers are of the same moment. */
  find(finds: readonly Find[]): Promise<readonly (readonly StoredRow[])[]>;
  /** `changed`: a settled row has changed since it was read; nothing was done. */
  freeze(frozen: Frozen): Promise<"frozen" | "changed">;
  /** The first entry of each target, in order. */
  ready(limit: number): Promise<readonly OutboxEntry[]>;
  /** Takes an answered entry out and, if it was there, puts its follow-ups in. */
  strike(entry: OutboxEntry, followUps: readonly PlannedCommand[]): Promise<void>;
  /** Entries not answered yet. */
  outboxSize(): Promise<number>;
  /** Those of the aggregates that entries wait for. */
  waiting(aggregate: string, aggregateIds: readonly string[]): Promise<ReadonlySet<string>>;
  mark(name: string): Promise<string | null>;
}

/** Thrown by a store whose reign is over. */
export function otherReign(own: number, now: number): Fenced {
  return new Fenced(`another process runs this manager: reign ${now} has followed ${own}`);
}

/** Commands for aggregates of one log must not be sent to those of another. */
export function otherLog(logId: string): PlatformError {
  const detail = `the process manager's store is of another log than ${logId}; remove the store`;
  return new PlatformError("LOG_MISMATCH", detail, { facts: { logId } });
}

/** Of the rows of `_starts`, which has the same columns in every store. */
export function startsOf(rows: readonly SqlRow[]): ReadonlyMap<PartitionKey, Start> {
  return new Map(
    rows.map((row) => {
      const partition = text(row, "partition") as PartitionKey;
      const reason = text(row, "reason") as StartReason;
      const [position, atMs] = [integer(row, "position"), integer(row, "atMs")];
      return [partition, { partition, position, reason, atMs }];
    }),
  );
}

/** Of a row of `_outbox`. */
export function entryOf(row: SqlRow): OutboxEntry {
  const command = JSON.parse(text(row, "command")) as PlannedCommand;
  return { entry: integer(row, "entry"), command };
}

/** The aggregate that a command goes to, as one text. */
export function targetOf(of: Pick<PlannedCommand, "aggregate" | "aggregateId">): string {
  return `${of.aggregate}/${of.aggregateId}`;
}

/** A manager's tables outlive the code that made them, before rows kept what made them. */
export function keptTables({ tables, ...projection }: Projection): Projection {
  const kept = Object.entries(tables).map(([name, table]) => {
    return [name, { ...table, firstUnknown: true }] as const;
  });
  return { ...projection, tables: Object.fromEntries(kept) };
}
