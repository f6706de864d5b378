import type { PartitionKey } from "../../platform/log/log.ts";
import type { Change, Row, Value } from "./projection.ts";

/** A stream set aside from one event on, because that event could not be applied. */
export interface ParkedStream {
  /** The aggregate id. */
  readonly stream: string;
  readonly position: number;
  readonly sequence: number;
  readonly reason: string;
}

/** How far a generation is in one partition; kept in the read store itself. */
export interface Checkpoint {
  /** The next position it will apply. */
  readonly next: number;
  /** Raised by every `take`; a lower one is a ghost's. */
  readonly epoch: number;
  readonly logId: string;
  /** The highest `ce_epoch` of a claim seen: events of lower epochs are void. */
  readonly highestClaim: number;
  /** Timestamp of the last record applied, epoch ms; 0 before the first. */
  readonly recordedAtMs: number;
  readonly parked: readonly ParkedStream[];
  readonly causes: Causes;
}

/**
 * Of each partition in which events applied so far have their causes: the next position after the
 * highest cause. A reader that joins read models waits until the other has passed it.
 */
export type Causes = ReadonlyMap<PartitionKey, number>;

/** A change with the position of the event that made it. */
export interface PositionedChange extends Change {
  readonly position: number;
  /** Where the first of the changes stood that were reduced to this one; left out: here. */
  readonly first?: number;
  /** The row was absent before `first`, whatever the store has of it. */
  readonly begins?: true;
}

export interface Batch {
  readonly partition: PartitionKey;
  /** Where the checkpoint must stand; it moves to `next` in the same atomic step. */
  readonly expected: number;
  readonly next: number;
  readonly epoch: number;
  readonly highestClaim: number;
  readonly recordedAtMs: number;
  /** At most one change per key, sorted by table and key. */
  readonly changes: readonly PositionedChange[];
  /** Streams parked by this batch. */
  readonly parked: readonly ParkedStream[];
  /**
   * Streams that are parked no more where they were: those among `parked` are so from there, the
   * others not at all. What was left out of them comes as `changes`.
   */
  readonly released: readonly string[];
  /** Of this batch alone; the checkpoint keeps the highest. */
  readonly causes: Causes;
}

/**
 * `behind`: the checkpoint is not at `expected`; somebody else was here: reload and seek.
 * `fenced`: a higher epoch has taken the partition; stop.
 */
export type ApplyOutcome = "applied" | "behind" | "fenced";

/** A row read back, with where it was last changed. */
export interface StoredRow {
  readonly row: Row;
  readonly partition: PartitionKey;
  readonly position: number;
}

/** A row with the span of the log that made it. */
export interface RowOrigin extends StoredRow {
  /** Of the change that made it when it was last absent; of an immutable row `position` itself. */
  readonly first: number;
}

/** One generation of one read model in one store. */
export interface ReadStore {
  /**
   * So many changes are written in one step at best; more are, too, where one event has them.
   * Without it there is no such number.
   */
  readonly changesAtOnce?: number;
  /**
   * A loss of power may take its last changes with their checkpoint: who has nothing to write looks
   * now and then whether the checkpoint still stands.
   */
  readonly mayGoBack?: boolean;
  /**
   * A batch is some journeys to a server, which cost much the same however large it is: so one of a
   * backlog may take long. `always`: no reader waits for its end. `builds`: only while nobody reads.
   */
  readonly longBatches?: "always" | "builds";
  /**
   * Makes the generation's schema; harmless when it is there. `indexesLater`: without the indexes
   * that queries want, if that makes a build faster here.
   */
  create(how?: { readonly indexesLater: boolean }): Promise<void>;
  /** Makes the indexes that `create` has left for later. Not there: it never leaves any. */
  makeIndexes?(): Promise<void>;
  /** Raises the partition's epoch by compare-and-set and gives the checkpoint. `logId` must be the
   *  checkpoint's own, else it throws LOG_MISMATCH. */
  take(partition: PartitionKey, logId: string): Promise<Checkpoint>;
  /** Changes and checkpoint in one atomic step. Errors that a change's content causes are thrown
   *  as `DataError`; everything else is systemic. */
  apply(batch: Batch): Promise<ApplyOutcome>;
  /**
   * All rows of a table in key order, deleted ones left out; `from` is exclusive. `atOnce`: rows of
   * one request to the store, where the caller may want few.
   */
  rows(table: string, from?: readonly Value[], atOnce?: number): AsyncIterable<StoredRow>;
  /** The row of that key; `null`: there is none. Of a generation of this code's version alone:
   *  older ones may not know where their rows began. */
  row(table: string, key: readonly Value[]): Promise<RowOrigin | null>;
  checkpoints(): Promise<ReadonlyMap<PartitionKey, Checkpoint>>;
  /** Removes the generation; harmless when it is gone. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

/** Thrown by a store when the content of a change cannot be written, now or ever. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/** Somebody else has taken over; this one is a ghost and stops. */
export class Fenced extends Error {
  override readonly name = "Fenced";
}
