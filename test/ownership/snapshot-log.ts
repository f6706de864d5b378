import { setTimeout as sleep } from "node:timers/promises";
import type { OwnerParts } from "../../command-side/ownership/partition-owner.ts";
import type {
  SnapshotMarker,
  SnapshotStore,
  StoredSnapshot,
} from "../../platform/snapshots/snapshot-store.ts";

/** Notes how much of the log was folded, and which snapshots could not be used. */
export function watchedFolds(parts: OwnerParts) {
  const folds: { readonly from: number; readonly end: number }[] = [];
  const unusable: string[] = [];
  const observer: OwnerParts["observer"] = {
    ...parts.observer,
    onFolded: ({ from, end }) => folds.push({ from, end }),
    onSnapshotUnusable: (_, reason) => unusable.push(reason),
  };
  return { observer, folds, unusable };
}

/** A store whose writer stops for ever before the record of that number, as one that was killed. */
export function dyingBefore(store: SnapshotStore, dies: number): SnapshotStore {
  const put: SnapshotStore["put"] = async (set, number, value) => {
    if (number >= dies) throw new Error("killed");
    await store.put(set, number, value);
  };
  return { ...pass(store), put };
}

/** Each record takes a while, so that commands come in between. */
export function slow(store: SnapshotStore, milliseconds: number): SnapshotStore {
  const put: SnapshotStore["put"] = async (...record) => {
    await sleep(milliseconds);
    await store.put(...record);
  };
  return { ...pass(store), put };
}

/** What it finds is changed before anybody sees it. */
export function tampered(
  store: SnapshotStore,
  change: (found: StoredSnapshot) => StoredSnapshot,
): SnapshotStore {
  const newest: SnapshotStore["newest"] = async (...given) => {
    const found = await store.newest(...given);
    return found === null ? null : change(found);
  };
  return { ...pass(store), newest };
}

/** Its markers say something else. */
export function remarked(store: SnapshotStore, change: Partial<SnapshotMarker>): SnapshotStore {
  const newest: SnapshotStore["newest"] = (place, isUsable) => {
    return store.newest(place, (marker) => isUsable({ ...marker, ...change }));
  };
  return { ...pass(store), newest };
}

/** The records of a snapshot, each without its end. */
export async function* cutOff(found: StoredSnapshot): AsyncIterable<Uint8Array> {
  for await (const record of found.records()) yield record.subarray(0, record.length / 2);
}

const UNTIL_MILLISECONDS = 60_000;

export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + UNTIL_MILLISECONDS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("it did not come to that in time");
    await sleep(20);
  }
}

function pass(store: SnapshotStore): SnapshotStore {
  return {
    put: (...given) => store.put(...given),
    seal: (...given) => store.seal(...given),
    newest: (...given) => store.newest(...given),
    sweep: (...given) => store.sweep(...given),
    close: () => store.close(),
  };
}
