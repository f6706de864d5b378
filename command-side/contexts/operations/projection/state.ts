import { type GenerationPhase, isUnderWay } from "../../../../platform/generations/phase.ts";
import type { ProjectionEvent } from "./events.ts";
import {
  evolveParking,
  NOTHING_PARKED,
  type ParkingState,
  withoutGeneration,
} from "./parking-state.ts";

/** With which generation it was found equal, up to where. */
interface Certificate {
  readonly against: number;
  readonly positions: Readonly<Record<string, number>>;
}

interface GenerationState {
  readonly phase: GenerationPhase;
  readonly version: number;
  readonly certificate: Certificate | null;
}

/** All generations of one projection, by number. */
export interface ProjectionState {
  readonly generations: ReadonlyMap<number, GenerationState>;
  readonly live: number | null;
  readonly paused: boolean;
  readonly parking: ParkingState;
}

export function initialState(): ProjectionState {
  return { generations: new Map(), live: null, paused: false, parking: NOTHING_PARKED };
}

export function evolve(state: ProjectionState, event: ProjectionEvent): ProjectionState {
  switch (event.type) {
    case "GenerationStarted": {
      const { generation, version } = event.data;
      const started = { phase: "building", version, certificate: null } as const;
      return { ...state, generations: new Map(state.generations).set(generation, started) };
    }
    case "GenerationCaughtUp":
      return change(state, event.data.generation, { phase: "verifying" });
    case "GenerationVerified": {
      const { generation, against, positions } = event.data;
      return change(state, generation, { phase: "verified", certificate: { against, positions } });
    }
    case "GenerationVerificationProgressed":
      return state;
    case "GenerationVerificationFailed":
      return change(state, event.data.generation, { phase: "different", certificate: null });
    case "GenerationPromoted": {
      const { generation } = event.data;
      const before = state.live === null ? state : change(state, state.live, { phase: "replaced" });
      return { ...change(before, generation, { phase: "live" }), live: generation };
    }
    case "GenerationRetired":
      return end(state, event.data.generation, "retired");
    case "GenerationCancelled":
      return end(state, event.data.generation, "cancelled");
    case "GenerationFailed":
      return end(state, event.data.generation, "failed");
    case "ProjectionPaused":
      return { ...state, paused: true };
    case "ProjectionResumed":
      return { ...state, paused: false };
    case "StreamParked":
    case "StreamReleaseRequested":
    case "StreamReleased":
    case "ParkedEventDiscarded":
      return { ...state, parking: evolveParking(state.parking, event) };
  }
}

function end(state: ProjectionState, generation: number, phase: GenerationPhase): ProjectionState {
  const parking = withoutGeneration(state.parking, generation);
  return { ...change(state, generation, { phase, certificate: null }), parking };
}

function change(
  state: ProjectionState,
  generation: number,
  changes: Partial<GenerationState>,
): ProjectionState {
  const known = state.generations.get(generation);
  if (!known) throw new RangeError(`no generation ${generation}`);
  const changed = { ...known, ...changes };
  return { ...state, generations: new Map(state.generations).set(generation, changed) };
}

/** The generation that is on its way to being live, if any: there is one at a time. */
export function generationUnderWay(state: ProjectionState): number | null {
  for (const [number, { phase }] of state.generations) if (isUnderWay(phase)) return number;
  return null;
}

/** One of the two was compared with the other, and they were equal. */
export function areEqual(state: ProjectionState, one: number, other: number): boolean {
  const against = (a: number) => state.generations.get(a)?.certificate?.against;
  return against(one) === other || against(other) === one;
}
