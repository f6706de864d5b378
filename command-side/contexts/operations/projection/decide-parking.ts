import { isOver } from "../../../../platform/generations/phase.ts";
import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { ProjectionEvent } from "./events.ts";
import type {
  DiscardParkedEvent,
  RecordParkedStream,
  RecordReleasedStream,
  ReleaseStream,
} from "./parking-commands.ts";
import { discardText, type ParkedStream, parkedAt } from "./parking-state.ts";
import type { ProjectionState } from "./state.ts";

type Decided = Decision<ProjectionEvent>;
type Place = Pick<ParkedStream, "generation" | "partition" | "stream">;

/** Beyond it something is wrong with the projection, which stops before. */
const MOST_PARKED = 1_000;
/** Kept for ever, and looked up for every event. */
const MOST_DISCARDED = 1_000;

/** What is known already, or is of an earlier release, changes nothing. */
export function recordParked(
  { parking, generations }: ProjectionState,
  { data }: RecordParkedStream,
  { nowMs }: DecisionContext,
): Decided {
  const known = parkedAt(parking, data);
  const isKnown = known?.isReleasing === false && known.position === data.position;
  const isOutdated = known?.isReleasing === true && known.releases !== data.releases;
  if (isKnown || isOutdated) return accepted([]);
  const phase = generations.get(data.generation)?.phase;
  if (phase === undefined || isOver(phase)) {
    return refused("GENERATION_NOT_IN_PHASE", `generation ${data.generation} is not there`, {
      generation: data.generation,
      phase: phase ?? null,
    });
  }
  if (known === undefined && parking.parked.size >= MOST_PARKED) {
    return refused("TOO_MANY_PARKED", `${MOST_PARKED} streams are parked already`, {});
  }
  const releases = known?.releases ?? 0;
  const event = { type: "StreamParked", data: { ...data, releases }, occurredAtMs: nowMs } as const;
  return accepted([event]);
}

export function recordReleased(
  { parking }: ProjectionState,
  { data }: RecordReleasedStream,
  { nowMs }: DecisionContext,
): Decided {
  if (parkedAt(parking, data)?.releases !== data.releases) return accepted([]);
  return accepted([{ type: "StreamReleased", data, occurredAtMs: nowMs }]);
}

export function release(
  { parking }: ProjectionState,
  { data }: ReleaseStream,
  { nowMs }: DecisionContext,
): Decided {
  const known = parkedAt(parking, data);
  if (known === undefined) return notParked(data);
  if (known.isReleasing) return accepted([]);
  const { position, releases } = known;
  return accepted([
    {
      type: "StreamReleaseRequested",
      data: { ...data, position, releases: releases + 1 },
      occurredAtMs: nowMs,
    },
  ]);
}

/** What some generation has applied is no event that cannot be applied. */
export function discard(
  state: ProjectionState,
  { data }: DiscardParkedEvent,
  { nowMs }: DecisionContext,
): Decided {
  const { discarded } = state.parking;
  const { generation, partition, stream, position, reason } = data;
  if (discarded.has(discardText(partition, position))) return accepted([]);
  const known = parkedAt(state.parking, data);
  if (known === undefined) return notParked(data);
  const wrong = requireStillThere(known, position) ?? requireAppliedNowhere(state, known);
  if (wrong) return wrong;
  if (discarded.size >= MOST_DISCARDED) {
    return refused("TOO_MANY_DISCARDED", `${MOST_DISCARDED} events are given up already`, {});
  }
  const { sequence, reason: fault } = known;
  return accepted([
    {
      type: "ParkedEventDiscarded",
      data: { generation, partition, stream, position, sequence, fault, reason },
      occurredAtMs: nowMs,
    },
  ]);
}

function notParked({ generation, partition, stream }: Place): Decided {
  const where = `generation ${generation} has no stream ${stream} of ${partition} parked`;
  return refused("STREAM_NOT_PARKED", where, { generation, partition, stream });
}

function requireStillThere({ position, isReleasing }: ParkedStream, seen: number): Decided | null {
  if (isReleasing) {
    return refused("RELEASE_RUNNING", "it is being released: wait for what comes of it", {});
  }
  if (position === seen) return null;
  return refused("STREAM_PARKED_ELSEWHERE", `it is parked at ${position} now, not at ${seen}`, {
    position,
  });
}

/** A build that is not at the end yet may not have come there; a comparison would tell. */
function requireAppliedNowhere(
  { generations, parking }: ProjectionState,
  parked: ParkedStream,
): Decided | null {
  for (const [generation, { phase }] of generations) {
    if (isOver(phase) || phase === "building") continue;
    const there = parkedAt(parking, { ...parked, generation });
    if (there !== undefined && there.position <= parked.position) continue;
    return refused(
      "EVENT_APPLIED",
      `generation ${generation}, which is ${phase}, has applied it: use that one, or give it up`,
      { generation },
    );
  }
  return null;
}
