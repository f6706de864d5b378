import type { ProjectionEvent } from "./events.ts";

/** Where a generation stands in its life. */
export type GenerationPhase = "building" | "live" | "replaced" | "retired" | "cancelled";

interface GenerationState {
  readonly phase: GenerationPhase;
  readonly version: number;
}

/** All generations of one projection, by number. */
export interface ProjectionState {
  readonly generations: ReadonlyMap<number, GenerationState>;
  readonly live: number | null;
}

export function initialState(): ProjectionState {
  return { generations: new Map(), live: null };
}

export function evolve(state: ProjectionState, event: ProjectionEvent): ProjectionState {
  const { generation } = event.data;
  switch (event.type) {
    case "GenerationStarted": {
      const started = { phase: "building", version: event.data.version } as const;
      return { ...state, generations: new Map(state.generations).set(generation, started) };
    }
    case "GenerationPromoted": {
      const before = state.live === null ? state : withPhase(state, state.live, "replaced");
      return { ...withPhase(before, generation, "live"), live: generation };
    }
    case "GenerationRetired":
      return withPhase(state, generation, "retired");
    case "GenerationCancelled":
      return withPhase(state, generation, "cancelled");
  }
}

function withPhase(
  state: ProjectionState,
  generation: number,
  phase: GenerationPhase,
): ProjectionState {
  const known = state.generations.get(generation);
  if (!known) throw new RangeError(`no generation ${generation}`);
  return { ...state, generations: new Map(state.generations).set(generation, { ...known, phase }) };
}

/** The generation that is being built, if any: there is one at a time. */
export function buildingGeneration(state: ProjectionState): number | null {
  for (const [number, { phase }] of state.generations) if (phase === "building") return number;
  return null;
}
