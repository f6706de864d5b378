import type { PartitionRef } from "../../platform/log/log.ts";
import { chunksOf } from "../../platform/snapshots/chunks.ts";
import type { SnapshotMarker, SnapshotStore } from "../../platform/snapshots/snapshot-store.ts";
import type { PartitionState } from "../ownership/partition-state.ts";
import { restoreChunk, snapshotVersion } from "./state-chunks.ts";

export interface LoadParts {
  readonly store: SnapshotStore;
  readonly partition: PartitionRef;
  readonly logId: string;
  /** Where the partition ends; a snapshot of what lies beyond is of another log. */
  readonly end: number;
}

/**
 * Puts the newest complete snapshot of this log and of the state's version into an empty state;
 * null: there is none. When it throws, the state holds a part of it and is of no use.
 */
export async function loadSnapshot(
  state: PartitionState,
  { store, partition, logId, end }: LoadParts,
): Promise<SnapshotMarker | null> {
  const { topic, partition: number } = partition;
  const place = { topic, partition: number, version: snapshotVersion(state.aggregate) };
  const found = await store.newest(place, (marker) => {
    return marker.logId === logId && marker.through <= end;
  });
  if (found === null) return null;
  const { marker } = found;
  for await (const chunk of chunksOf(found.records())) restoreChunk(state, chunk, marker.through);
  return marker;
}
