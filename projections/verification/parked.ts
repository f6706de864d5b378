import type { PartitionKey } from "../../platform/log/log.ts";
import type { Checkpoint } from "../runner/read-store.ts";

export interface ParkedComparison {
  /** Of both, where they are the same. */
  readonly parkedStreams: readonly string[];
  /** `null`: they are. */
  readonly difference: string | null;
}

type Checkpoints = ReadonlyMap<PartitionKey, Checkpoint>;

/** A stream parked in one alone has rows there that stand still: two such are never equal. */
export function compareParked(live: Checkpoints, built: Checkpoints): ParkedComparison {
  const [ofLive, ofBuilt] = [parkedIn(live, built), parkedIn(built, live)];
  const only = [
    ...[...ofLive].filter((one) => !ofBuilt.has(one)).map((one) => `${one} in the live one alone`),
    ...[...ofBuilt].filter((one) => !ofLive.has(one)).map((one) => `${one} in the build alone`),
  ];
  const difference =
    only.length === 0 ? null : `parked streams differ: ${only.slice(0, 3).join(", ")}`;
  return { parkedStreams: [...ofBuilt].sort(), difference };
}

/** Rows of a stream that was parked before were changed since: they are not what was compared. */
export function hasReleased(before: Checkpoints, after: Checkpoints): boolean {
  return [...before].some(([partition, { parked }]) => {
    const now = after.get(partition)?.parked ?? [];
    return parked.some(({ stream, position }) => {
      return !now.some((one) => one.stream === stream && one.position === position);
    });
  });
}

/** Those at events that both have passed. */
function parkedIn(one: Checkpoints, other: Checkpoints): Set<string> {
  const all = [...one].flatMap(([partition, { parked }]) => {
    const passed = other.get(partition)?.next ?? 0;
    return parked
      .filter(({ position }) => position < passed)
      .map(({ stream, position }) => `${stream} at ${partition}@${position}`);
  });
  return new Set(all);
}
