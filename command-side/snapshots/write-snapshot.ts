import { randomUUID } from "node:crypto";
import type { PartitionRef } from "../../platform/log/log.ts";
import { recordsOf } from "../../platform/snapshots/chunks.ts";
import type {
  SnapshotMarker,
  SnapshotSet,
  SnapshotStore,
} from "../../platform/snapshots/snapshot-store.ts";
import type { PartitionState } from "../ownership/partition-state.ts";
import { StateTaker, snapshotVersion } from "./state-chunks.ts";

/** A partition's state at a moment at which it is what the log holds. */
export interface Rest {
  readonly state: PartitionState;
  /** The next position. */
  readonly end: number;
  /** The newest claim before it. */
  readonly highestClaim: number;
  readonly logId: string;
  /** That the state was folded from; null: all of it comes from the log. */
  readonly snapshot: SnapshotMarker | null;
}

/** Who has a state that rests from time to time. */
export interface Resting {
  readonly partition: PartitionRef;
  /** Runs `visit`, which must be short, at the next such moment; null: there is none any more. */
  atRest<T>(visit: (rest: Rest) => T): Promise<T | null>;
}

export interface WriteParts {
  readonly store: SnapshotStore;
  readonly clock: () => number;
  /** Leaves the set without its marker. */
  readonly signal: AbortSignal;
}

/** How long sets of other versions are kept: for going back to the program that reads them. */
const OTHER_VERSIONS_KEPT_MILLISECONDS = 7 * 24 * 60 * 60 * 1000;

/**
 * Writes a snapshot piece by piece, between the batches of commands. Each aggregate is taken whole,
 * and they are taken at different times: who loads it folds from where the writing began and skips
 * what an aggregate has. Null: the state did not last, and the set stays without its marker.
 */
export async function writeSnapshot(
  resting: Resting,
  { store, clock, signal }: WriteParts,
): Promise<SnapshotMarker | null> {
  const first = await resting.atRest((rest) => ({ ...rest, taker: new StateTaker(rest.state) }));
  if (first === null) return null;
  const { topic, partition } = resting.partition;
  const version = snapshotVersion(first.state.aggregate);
  const set: SnapshotSet = { topic, partition, version, setId: randomUUID() };
  const written = await writeRecords(resting, first.taker, (number, record) => {
    if (signal.aborted) return null;
    return store.put(set, number, record);
  });
  if (written === null) return null;
  const { end: position, highestClaim, logId } = first;
  const marker = { logId, position, highestClaim, ...written, writtenAtMs: clock() };
  await store.seal(set, marker);
  await store.sweep(set, clock() - OTHER_VERSIONS_KEPT_MILLISECONDS);
  return marker;
}

type Written = Pick<SnapshotMarker, "through" | "records" | "bytes">;

/** `put` gives null where it is not to go on. */
async function writeRecords(
  resting: Resting,
  taker: StateTaker,
  put: (number: number, record: Uint8Array) => Promise<void> | null,
): Promise<Written | null> {
  for (let [records, bytes] = [0, 0]; ; ) {
    const taken = await resting.atRest(({ state, end }) => {
      return taker.isOf(state) ? { chunk: taker.next(end), through: end } : null;
    });
    if (taken === null) return null;
    if (taken.chunk === null) return { through: taken.through, records, bytes };
    for (const record of await recordsOf(taken.chunk)) {
      const putting = put(records, record);
      if (putting === null) return null;
      await putting;
      records += 1;
      bytes += record.length;
    }
  }
}
