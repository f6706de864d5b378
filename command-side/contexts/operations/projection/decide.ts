import {
  accepted,
  type Decider,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type {
  CancelGeneration,
  ProjectionCommand,
  PromoteGeneration,
  RetireGeneration,
  StartGeneration,
} from "./commands.ts";
import type { ProjectionEvent } from "./events.ts";
import {
  buildingGeneration,
  evolve,
  type GenerationPhase,
  initialState,
  type ProjectionState,
} from "./state.ts";

type Decided = Decision<ProjectionEvent>;

export const decider: Decider<ProjectionState, ProjectionCommand, ProjectionEvent> = {
  initialState,
  evolve,
  decide(state, command, context) {
    switch (command.type) {
      case "StartGeneration":
        return start(state, command, context);
      case "PromoteGeneration":
        return promote(state, command, context);
      case "RetireGeneration":
        return retire(state, command, context);
      case "CancelGeneration":
        return cancel(state, command, context);
    }
  },
};

/** The first generation has nobody to replace: readers use it while it is being built. */
function start(
  state: ProjectionState,
  { data }: StartGeneration,
  { nowMs }: DecisionContext,
): Decided {
  const building = buildingGeneration(state);
  if (building !== null) {
    return refused(
      "REBUILD_RUNNING",
      `generation ${building} is being built; wait for it or cancel it`,
      { generation: building },
    );
  }
  const generation = state.generations.size + 1;
  const { version, reason } = data;
  const started: ProjectionEvent = {
    type: "GenerationStarted",
    data: { generation, version, reason },
    occurredAtMs: nowMs,
  };
  if (state.live !== null) return accepted([started]);
  const promoted: ProjectionEvent = {
    type: "GenerationPromoted",
    data: { generation, previous: null, rule: "first", verified: false, positions: {}, reason },
    occurredAtMs: nowMs,
  };
  return accepted([started, promoted]);
}

/** Until verification exists a promotion rests on having caught up, and says so. */
function promote(
  state: ProjectionState,
  { data }: PromoteGeneration,
  { nowMs }: DecisionContext,
): Decided {
  const { generation, rule, positions, reason } = data;
  if (state.live === generation) return accepted([]);
  const wrong = requirePhase(state, generation, ["building"]);
  if (wrong) return wrong;
  return accepted([
    {
      type: "GenerationPromoted",
      data: { generation, previous: state.live, rule, verified: false, positions, reason },
      occurredAtMs: nowMs,
    },
  ]);
}

function retire(
  state: ProjectionState,
  { data }: RetireGeneration,
  { nowMs }: DecisionContext,
): Decided {
  if (state.generations.get(data.generation)?.phase === "retired") return accepted([]);
  const wrong = requirePhase(state, data.generation, ["replaced"]);
  if (wrong) return wrong;
  return accepted([{ type: "GenerationRetired", data, occurredAtMs: nowMs }]);
}

function cancel(
  state: ProjectionState,
  { data }: CancelGeneration,
  { nowMs }: DecisionContext,
): Decided {
  if (state.generations.get(data.generation)?.phase === "cancelled") return accepted([]);
  const wrong = requirePhase(state, data.generation, ["building"]);
  if (wrong) return wrong;
  return accepted([{ type: "GenerationCancelled", data, occurredAtMs: nowMs }]);
}

function requirePhase(
  state: ProjectionState,
  generation: number,
  allowed: readonly GenerationPhase[],
): Extract<Decided, { outcome: "refused" }> | null {
  const phase = state.generations.get(generation)?.phase;
  if (phase !== undefined && allowed.includes(phase)) return null;
  return refused(
    "GENERATION_NOT_IN_PHASE",
    phase === undefined
      ? `there is no generation ${generation}`
      : `generation ${generation} is ${phase}; this needs one that is ${allowed.join(" or ")}`,
    { generation, phase: phase ?? null },
  );
}
