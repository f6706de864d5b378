import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { Causes, Checkpoint } from "./read-store.ts";

/** An answer with the exact position of the generation that gave it. */
export interface Snapshot<T> {
  readonly result: T;
  /** Next position per partition that the generation had applied. */
  readonly positions: ReadonlyMap<PartitionKey, number>;
  /** Timestamp of the last applied record per partition, epoch ms. */
  readonly recordedAtMs: ReadonlyMap<PartitionKey, number>;
  /** Streams whose rows stopped at an event that could not be applied. */
  readonly parked: readonly ParkedPlace[];
  /** Highest over all partitions. */
  readonly causes: Causes;
}

interface ParkedPlace {
  readonly partition: PartitionKey;
  readonly stream: string;
  readonly position: number;
}

/** `checkpoints` were read in the same transaction as the result. */
export function snapshotOf<T>(
  result: T,
  checkpoints: ReadonlyMap<PartitionKey, Checkpoint>,
): Snapshot<T> {
  const all = [...checkpoints];
  return {
    result,
    positions: new Map(all.map(([key, { next }]) => [key, next])),
    recordedAtMs: new Map(all.map(([key, one]) => [key, one.recordedAtMs])),
    parked: all.flatMap(([partition, { parked }]) => {
      return parked.map(({ stream, position }) => ({ partition, stream, position }));
    }),
    causes: highest(all.map(([, { causes }]) => causes)),
  };
}

function highest(all: readonly Causes[]): Causes {
  const merged = new Map<PartitionKey, number>();
  for (const causes of all) {
    for (const [key, next] of causes) merged.set(key, Math.max(next, merged.get(key) ?? 0));
  }
  return merged;
}

/** The generation was dropped, or closed, before it had answered. */
export class NoLongerOpen extends PlatformError {
  constructor() {
    super("NOT_READY", "this generation of the read model is no longer open");
  }
}

export function tooManyWaiting(queries: number): PlatformError {
  return new PlatformError("OVERLOADED", `${queries} queries wait for the read store`);
}
