import type { PartitionRef } from "../../platform/log/log.ts";
import { chunksOf } from "../../platform/snapshots/chunks.ts";
import type {
  SnapshotMarker,
  SnapshotStore,
  StoredSnapshot,
} from "../../platform/snapshots/snapshot-store.ts";
import type { AggregateDefinition } from "../aggregate.ts";
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
  parts: LoadParts,
): Promise<SnapshotMarker | null> {
  const found = await newestSnapshot(state.aggregate, parts);
  if (found === null) return null;
  const { marker } = found;
  for await (const chunk of chunksOf(found.records())) restoreChunk(state, chunk, marker.through);
  return marker;
}

/** The one that a start would load, whoever has written it; null: there is none. */
export function newestSnapshot(
  aggregate: AggregateDefinition,
  { store, partition, logId, end }: LoadParts,
): Promise<StoredSnapshot | null> {
  const { topic, partition: number } = partition;
  const place = { topic, partition: number, version: snapshotVersion(aggregate) };
  return store.newest(place, (marker) => marker.logId === logId && marker.through <= end);
}
