import { type GenerationPhase, UNDER_WAY } from "../../../../platform/generations/phase.ts";
import {
  accepted,
  type Decider,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type {
  ProjectionCommand,
  PromoteGeneration,
  RecordCaughtUp,
  RecordVerification,
  RecordVerificationFailure,
  RecordVerificationProgress,
  RollBackGeneration,
  StartGeneration,
} from "./commands.ts";
import { discard, recordParked, recordReleased, release } from "./decide-parking.ts";
import type { ProjectionEvent } from "./events.ts";
import {
  areEqual,
  evolve,
  generationUnderWay,
  initialState,
  type ProjectionState,
} from "./state.ts";

type Decided = Decision<ProjectionEvent>;
type Refused = Extract<Decided, { outcome: "refused" }>;

export const decider: Decider<ProjectionState, ProjectionCommand, ProjectionEvent> = {
  initialState,
  evolve,
  decide(state, command, context) {
    switch (command.type) {
      case "StartGeneration":
        return start(state, command, context);
      case "RecordCaughtUp":
        return recordCaughtUp(state, command, context);
      case "RecordVerification":
        return recordVerification(state, command, context);
      case "RecordVerificationFailure":
        return recordFailure(state, command, context);
      case "RecordVerificationProgress":
        return recordProgress(state, command, context);
      case "PromoteGeneration":
        return promote(state, command, context);
      case "RollBackGeneration":
        return rollBack(state, command, context);
      case "RetireGeneration":
        return end(state, { ...ENDS.retire, ...command.data }, context);
      case "CancelGeneration":
        return end(state, { ...ENDS.cancel, ...command.data }, context);
      case "FailGeneration":
        return end(state, { ...ENDS.fail, ...command.data }, context);
      case "PauseProjection":
        return pause(state, { paused: true, ...command.data }, context);
      case "ResumeProjection":
        return pause(state, { paused: false, ...command.data }, context);
      case "RecordParkedStream":
        return recordParked(state, command, context);
      case "ReleaseStream":
        return release(state, command, context);
      case "RecordReleasedStream":
        return recordReleased(state, command, context);
      case "DiscardParkedEvent":
        return discard(state, command, context);
    }
  },
};

/** The first generation has nobody to replace: readers use it while it is being built. */
function start(
  state: ProjectionState,
  { data }: StartGeneration,
  { nowMs }: DecisionContext,
): Decided {
  const underWay = generationUnderWay(state);
  if (underWay !== null) {
    return refused(
      "REBUILD_RUNNING",
      `generation ${underWay} is under way; wait for it or cancel it`,
      { generation: underWay },
    );
  }
  const generation = state.generations.size + 1;
  const { version, reason, maxLiveLagMs = null } = data;
  const started: ProjectionEvent = {
    type: "GenerationStarted",
    data: { generation, version, reason, maxLiveLagMs },
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

function recordCaughtUp(
  state: ProjectionState,
  { data }: RecordCaughtUp,
  { nowMs }: DecisionContext,
): Decided {
  if (phaseOf(state, data.generation) === "verifying") return accepted([]);
  const wrong = requirePhase(state, data.generation, ["building"]);
  return wrong ?? accepted([{ type: "GenerationCaughtUp", data, occurredAtMs: nowMs }]);
}

/** Also of one that was compared before with a generation that is live no more. */
function recordVerification(
  state: ProjectionState,
  { data }: RecordVerification,
  { nowMs }: DecisionContext,
): Decided {
  const known = state.generations.get(data.generation);
  if (known?.phase === "verified" && known.certificate?.against === data.against) {
    return accepted([]);
  }
  const wrong = requireCompared(state, data);
  return wrong ?? accepted([{ type: "GenerationVerified", data, occurredAtMs: nowMs }]);
}

function recordFailure(
  state: ProjectionState,
  { data }: RecordVerificationFailure,
  { nowMs }: DecisionContext,
): Decided {
  if (phaseOf(state, data.generation) === "different") return accepted([]);
  const wrong = requireCompared(state, data);
  return wrong ?? accepted([{ type: "GenerationVerificationFailed", data, occurredAtMs: nowMs }]);
}

/** Who tells it may be late: then there is nothing to tell any more. */
function recordProgress(
  state: ProjectionState,
  { data }: RecordVerificationProgress,
  { nowMs }: DecisionContext,
): Decided {
  if (requireCompared(state, data) !== null) return accepted([]);
  const type = "GenerationVerificationProgressed";
  return accepted([{ type, data, occurredAtMs: nowMs }]);
}

function requireCompared(
  state: ProjectionState,
  { generation, against }: { readonly generation: number; readonly against: number },
): Refused | null {
  return (
    requirePhase(state, generation, ["verifying", "verified"]) ??
    requirePhase(state, against, ["live"])
  );
}

/** Needs the certificate of a comparison with what is live now; else force, on record. */
function promote(
  state: ProjectionState,
  { data }: PromoteGeneration,
  { nowMs }: DecisionContext,
): Decided {
  const { generation, rule, positions, reason } = data;
  if (state.live === generation) return accepted([]);
  const wrong =
    requirePhase(state, generation, [...UNDER_WAY, "replaced"]) ??
    (rule === "verified" ? requireCertificate(state, data) : null);
  if (wrong) return wrong;
  const verified = rule === "verified";
  return accepted([
    {
      type: "GenerationPromoted",
      data: { generation, previous: state.live, rule, verified, positions, reason },
      occurredAtMs: nowMs,
    },
  ]);
}

function requireCertificate(
  state: ProjectionState,
  { generation, positions }: PromoteGeneration["data"],
): Refused | null {
  const certificate = state.generations.get(generation)?.certificate ?? null;
  if (certificate?.against === state.live && areSame(certificate.positions, positions)) return null;
  const { against = null } = certificate ?? {};
  return refused(
    "GENERATION_NOT_VERIFIED",
    against === state.live
      ? `the certificate of generation ${generation} is of other positions`
      : `generation ${generation} has no certificate of a comparison with the live one, ` +
          `which is generation ${state.live}`,
    { generation, against, live: state.live },
  );
}

function areSame(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): boolean {
  const partitions = Object.keys(one);
  return (
    partitions.length === Object.keys(other).length &&
    partitions.every((partition) => one[partition] === other[partition])
  );
}

/** What was replaced is fed on while it is kept, so that readers can go back to it at once. */
function rollBack(
  state: ProjectionState,
  { data }: RollBackGeneration,
  { nowMs }: DecisionContext,
): Decided {
  const { generation, force, reason } = data;
  const { live } = state;
  if (live === generation) return accepted([]);
  const wrong = requirePhase(state, generation, ["replaced"]);
  if (wrong) return wrong;
  const [old, current] = [versionOf(state, generation), versionOf(state, live)];
  if (old !== current && !force) {
    return refused(
      "GENERATION_OF_OTHER_VERSION",
      `generation ${generation} is of version ${old}, the live one of ${current}: if nobody feeds ` +
        "it any more, its rows stand still; go back to it with force",
      { generation, version: old },
    );
  }
  const verified = live !== null && areEqual(state, generation, live);
  return accepted([
    {
      type: "GenerationPromoted",
      data: { generation, previous: live, rule: "rollback", verified, positions: {}, reason },
      occurredAtMs: nowMs,
    },
  ]);
}

/** The three ways in which a generation is over. */
const ENDS = {
  retire: { type: "GenerationRetired", phase: "retired", from: ["replaced"] },
  cancel: { type: "GenerationCancelled", phase: "cancelled", from: UNDER_WAY },
  fail: { type: "GenerationFailed", phase: "failed", from: UNDER_WAY },
} as const;

function end(
  state: ProjectionState,
  how: (typeof ENDS)[keyof typeof ENDS] & { readonly generation: number; readonly reason: string },
  { nowMs }: DecisionContext,
): Decided {
  const { type, phase, from, generation, reason } = how;
  if (phaseOf(state, generation) === phase) return accepted([]);
  const wrong = requirePhase(state, generation, from);
  return wrong ?? accepted([{ type, data: { generation, reason }, occurredAtMs: nowMs }]);
}

function pause(
  state: ProjectionState,
  { paused, reason }: { readonly paused: boolean; readonly reason: string },
  { nowMs }: DecisionContext,
): Decided {
  if (state.generations.size === 0) {
    return refused("PROJECTION_UNKNOWN", "it has no generation yet, so nothing is fed");
  }
  if (state.paused === paused) return accepted([]);
  const type = paused ? "ProjectionPaused" : "ProjectionResumed";
  return accepted([{ type, data: { reason }, occurredAtMs: nowMs }]);
}

function phaseOf(state: ProjectionState, generation: number): GenerationPhase | undefined {
  return state.generations.get(generation)?.phase;
}

function versionOf(state: ProjectionState, generation: number | null): number | null {
  return generation === null ? null : (state.generations.get(generation)?.version ?? null);
}

function requirePhase(
  state: ProjectionState,
  generation: number,
  allowed: readonly GenerationPhase[],
): Refused | null {
  const phase = phaseOf(state, generation);
  if (phase !== undefined && allowed.includes(phase)) return null;
  return refused(
    "GENERATION_NOT_IN_PHASE",
    phase === undefined
      ? `there is no generation ${generation}`
      : `generation ${generation} is ${phase}; this needs one that is ${allowed.join(" or ")}`,
    { generation, phase: phase ?? null },
  );
}
