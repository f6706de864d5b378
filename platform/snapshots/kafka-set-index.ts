import type { LogRecord, PartitionRef } from "../log/log.ts";
import {
  isComplete,
  parseMarker,
  type SnapshotMarker,
  type SnapshotSet,
} from "./snapshot-store.ts";

/**
 * Keys of a topic of snapshots. (A partition of the log has its snapshots in the partition of the
 * same number, so that the topic is read in part only.)
 *
 *   <topic>/<partition>/<version>/<set id>/<number of the record, or "marker">
 */
const MARKER = "marker";
const PARTS_OF_KEY = 5;

export function recordKey(set: SnapshotSet, number: number | typeof MARKER): string {
  return `${setKey(set)}/${number}`;
}

export function markerKey(set: SnapshotSet): string {
  return recordKey(set, MARKER);
}

function setKey({ topic, partition, version, setId }: SnapshotSet): string {
  return `${topic}/${partition}/${version}/${setId}`;
}

/** What is known of a set from the records that were read. */
export interface IndexedSet {
  readonly set: SnapshotSet;
  /** Offsets by the number of the record. */
  readonly offsets: Map<number, number>;
  marker: SnapshotMarker | null;
  readonly begunAtMs: number;
}

/** The sets in one partition of a topic of snapshots, as far as it was read. */
export class SetIndex {
  /** The next offset to read. */
  next = 0;
  readonly #sets = new Map<string, IndexedSet>();

  add({ key, value, position, timestampMs }: LogRecord): void {
    this.next = position + 1;
    const [topic, partition, version, setId, place, ...others] = key.split("/");
    if (place === undefined || others.length > 0) {
      throw new RangeError(`not a key of ${PARTS_OF_KEY} parts: ${key}`);
    }
    const set = { topic, partition: Number(partition), version, setId } as SnapshotSet;
    const known = this.#sets.get(setKey(set));
    const indexed = known ?? { set, offsets: new Map(), marker: null, begunAtMs: timestampMs };
    if (place === MARKER) indexed.marker = value.length === 0 ? null : parseMarker(`${value}`);
    else if (value.length === 0) indexed.offsets.delete(Number(place));
    else indexed.offsets.set(Number(place), position);
    const isGone = indexed.marker === null && indexed.offsets.size === 0;
    if (isGone) this.#sets.delete(setKey(set));
    else this.#sets.set(setKey(set), indexed);
  }

  /** The sets of a partition of the log. */
  of({ topic, partition }: PartitionRef): readonly IndexedSet[] {
    return [...this.#sets.values()].filter(({ set }) => {
      return set.topic === topic && set.partition === partition;
    });
  }
}

export function isWhole({ marker, offsets }: IndexedSet): boolean {
  return isComplete(marker, offsets.size);
}
