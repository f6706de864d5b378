import type { PartitionKey } from "../../platform/log/log.ts";
import type { Value } from "../../projections/runner/projection.ts";
import type { ReadStore, StoredRow } from "../../projections/runner/read-store.ts";
import type { PlannedCommand } from "./manager.ts";

/** Why a manager acts on events from a position on. */
export type StartReason = "new log" | "end of the log" | "operator";

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

export interface FindPage {
  /** Values of the first key columns. */
  readonly prefix?: readonly Value[];
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
 * A manager's file: its state with the checkpoint (a read store, written by the runner), and the
 * outbox. `changed` of `freeze`: a settled row has changed since, nothing was done.
 */
export interface ProcessStore extends ReadStore {
  /** The starts on record; empty in a store that is new. */
  starts(): ReadonlyMap<PartitionKey, Start>;
  recordStarts(starts: readonly Start[]): void;
  /** Rows of the manager's state and of what is due, in key order. */
  find(table: string, page: FindPage): readonly StoredRow[];
  freeze(frozen: Frozen): "frozen" | "changed";
  /** The first entry of each target, in order. */
  ready(limit: number): readonly OutboxEntry[];
  /** Takes an answered entry out, and puts its follow-ups in, at once. */
  strike(entry: OutboxEntry, followUps: readonly PlannedCommand[]): void;
  /** Entries not answered yet. */
  outboxSize(): number;
  isWaiting(aggregate: string, aggregateId: string): boolean;
  mark(name: string): string | null;
}
