/**
 * Snapshots of what owners know of their partitions: sets of records, each sealed by a marker that
 * is written last. They are disposable: whatever is lost or cannot be read is folded from the log.
 * SQLite (embedded) and Kafka (distributed) stand behind this port; the contract suite in
 * `test/contracts/snapshot-store.contract.ts` runs against both.
 */
import type { PartitionRef } from "../log/log.ts";

/** The largest record; what is longer goes into several. */
export const LARGEST_RECORD_BYTES = 1024 * 1024;

/** The sets that one version of the code can read of one partition of the log. */
export interface SnapshotPlace extends PartitionRef {
  /** Of the state and of how it is written; sets of another version are of no use. */
  readonly version: string;
}

/** One attempt to write a partition's state; `setId` is its own. */
export interface SnapshotSet extends SnapshotPlace {
  readonly setId: string;
}

/** Seals a set: without it, or with fewer records than it says, there is none. */
export interface SnapshotMarker {
  readonly logId: string;
  /** Where the partition ended when writing began: a fold goes on from here. */
  readonly position: number;
  /** Where it ended when the last part was taken: nothing of the set is younger. */
  readonly through: number;
  /** The newest claim before `position`; −1 for none. */
  readonly highestClaim: number;
  /** Records of the set, numbered from 0. */
  readonly records: number;
  /** Of all records. */
  readonly bytes: number;
  readonly writtenAtMs: number;
}

export interface StoredSnapshot {
  readonly marker: SnapshotMarker;
  /** In the order of their numbers. */
  records(): AsyncIterable<Uint8Array>;
}

export interface SnapshotStore {
  /** Writes one record, of at most `LARGEST_RECORD_BYTES` and at least one. */
  put(set: SnapshotSet, number: number, value: Uint8Array): Promise<void>;
  /** Writes the marker, when all records are written. */
  seal(set: SnapshotSet, marker: SnapshotMarker): Promise<void>;
  /** Of the complete sets that `isUsable`, the one with the highest position; null: there is none. */
  newest(
    place: SnapshotPlace,
    isUsable: (marker: SnapshotMarker) => boolean,
  ): Promise<StoredSnapshot | null>;
  /**
   * Removes what `kept` has replaced: of its version every set but those of a higher position, and
   * sets of other versions that were begun before `othersBeforeMs`.
   */
  sweep(kept: SnapshotSet, othersBeforeMs: number): Promise<void>;
  close(): Promise<void>;
}

export function isComplete(marker: SnapshotMarker | null, records: number): boolean {
  return marker !== null && marker.records === records;
}

/** Throws where it is no marker. */
export function parseMarker(text: string): SnapshotMarker {
  const marker = JSON.parse(text) as SnapshotMarker;
  const { logId, position, through, highestClaim, records, bytes, writtenAtMs } = marker;
  const numbers = [position, through, highestClaim, records, bytes, writtenAtMs];
  if (typeof logId !== "string" || !numbers.every(Number.isSafeInteger)) {
    throw new RangeError("not a marker of a snapshot");
  }
  return marker;
}
