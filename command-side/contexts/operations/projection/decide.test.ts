import { given } from "../../../../test/given.ts";
import { commands } from "./commands.ts";
import { decider } from "./decide.ts";
import type { ProjectionEvent } from "./events.ts";

const at = 1_000;
const context = { nowMs: at, aggregateId: "portfolios" };
const reason = "test";
const positions = { "portfolio.events/0": 12 };

function event<T extends ProjectionEvent["type"]>(
  type: T,
  data: Extract<ProjectionEvent, { type: T }>["data"],
): ProjectionEvent {
  return { type, data, occurredAtMs: at } as ProjectionEvent;
}

const started = (generation: number, version = 1, maxLiveLagMs: number | null = null) =>
  event("GenerationStarted", { generation, version, reason, maxLiveLagMs });
const caughtUp = (generation: number) => event("GenerationCaughtUp", { generation, positions });
const promoted = (
  generation: number,
  previous: number | null,
  rule = previous === null ? "first" : "verified",
) => {
  const verified = rule === "verified" || rule === "rollback";
  const at = rule === "verified" ? positions : {};
  const data = { generation, previous, rule, verified, positions: at, reason };
  return event("GenerationPromoted", data);
};
const retired = (generation: number) => event("GenerationRetired", { generation, reason });

const certificate = (generation: number, against: number) => ({
  ...(commands.RecordVerification.payload.parse(commands.RecordVerification.example) as Extract<
    ProjectionEvent,
    { type: "GenerationVerified" }
  >["data"]),
  generation,
  against,
  positions,
});
const verified = (generation: number, against: number) =>
  event("GenerationVerified", certificate(generation, against));
const difference = (generation: number, against: number) => ({
  generation,
  against,
  positions,
  differingRows: 1,
  differences: [{ table: "portfolios", key: '["p-1"]', live: "{}", built: null }],
  reason: "1 row differs",
});
const different = (generation: number, against: number) =>
  event("GenerationVerificationFailed", difference(generation, against));

const start = { type: "StartGeneration", data: { version: 1, reason } } as const;
const recordCaughtUp = (generation: number) =>
  ({ type: "RecordCaughtUp", data: { generation, positions } }) as const;
const record = (generation: number, against: number) =>
  ({ type: "RecordVerification", data: certificate(generation, against) }) as const;
const recordDifference = (generation: number, against: number) =>
  ({ type: "RecordVerificationFailure", data: difference(generation, against) }) as const;
const promote = (generation: number, more: { rule?: "forced"; at?: Record<string, number> } = {}) =>
  ({
    type: "PromoteGeneration",
    data: { generation, rule: more.rule ?? "verified", positions: more.at ?? positions, reason },
  }) as const;
const rollBack = (generation: number, force = false) =>
  ({ type: "RollBackGeneration", data: { generation, force, reason } }) as const;
const ended = (
  type: "RetireGeneration" | "CancelGeneration" | "FailGeneration",
  generation: number,
) => ({ type, data: { generation, reason } }) as const;

const LIVE = [started(1), promoted(1, null)];
const BUILDING = [...LIVE, started(2)];
const VERIFYING = [...BUILDING, caughtUp(2)];
const VERIFIED = [...VERIFYING, verified(2, 1)];
const REPLACED = [...VERIFIED, promoted(2, 1)];

describe("the life of a projection's generations", () => {
  it("promotes the first generation by rule as it starts", () => {
    given(decider, [], context)
      .when(start)
      .then([started(1), promoted(1, null)]);
  });

  it("builds the next one beside the live one", () => {
    given(decider, LIVE, context)
      .when(start)
      .then([started(2)]);
  });

  it("puts on record how far the live one may lag because of it, where that was told", () => {
    const limited = {
      type: "StartGeneration",
      data: { ...start.data, maxLiveLagMs: 500 },
    } as const;
    given(decider, LIVE, context)
      .when(limited)
      .then([started(2, 1, 500)]);
  });

  it("refuses a second build until the first is live or given up", () => {
    for (const before of [BUILDING, VERIFYING, VERIFIED, [...VERIFYING, different(2, 1)]]) {
      given(decider, before, context).when(start).thenRefused("REBUILD_RUNNING");
    }
    given(decider, REPLACED, context)
      .when(start)
      .then([started(3)]);
  });

  it("has caught up once, and only while it is built", () => {
    given(decider, BUILDING, context)
      .when(recordCaughtUp(2))
      .then([caughtUp(2)]);
    given(decider, VERIFYING, context).when(recordCaughtUp(2)).then([]);
    given(decider, VERIFIED, context)
      .when(recordCaughtUp(2))
      .thenRefused("GENERATION_NOT_IN_PHASE");
  });

  it("is verified against the live one alone, after it has caught up", () => {
    given(decider, VERIFYING, context)
      .when(record(2, 1))
      .then([verified(2, 1)]);
    given(decider, VERIFIED, context).when(record(2, 1)).then([]);
    given(decider, BUILDING, context).when(record(2, 1)).thenRefused("GENERATION_NOT_IN_PHASE");
    given(decider, VERIFYING, context).when(record(2, 2)).thenRefused("GENERATION_NOT_IN_PHASE");
  });

  it("tells how far its comparison has come, while it is made", () => {
    const data = { generation: 2, against: 1, table: "ledger", rows: 1_000 };
    const progress = { type: "RecordVerificationProgress", data } as const;
    given(decider, VERIFYING, context)
      .when(progress)
      .then([event("GenerationVerificationProgressed", data)]);
    for (const before of [BUILDING, REPLACED, [...VERIFYING, different(2, 1)]]) {
      given(decider, before, context).when(progress).then([]);
    }
  });

  it("is found different with its rows on record, and stays so", () => {
    given(decider, VERIFYING, context)
      .when(recordDifference(2, 1))
      .then([different(2, 1)]);
    const found = [...VERIFYING, different(2, 1)];
    given(decider, found, context).when(recordDifference(2, 1)).then([]);
    given(decider, found, context).when(record(2, 1)).thenRefused("GENERATION_NOT_IN_PHASE");
    given(decider, found, context).when(promote(2)).thenRefused("GENERATION_NOT_VERIFIED");
  });

  it("promotes by the certificate of the same positions against what is live", () => {
    given(decider, VERIFIED, context)
      .when(promote(2))
      .then([promoted(2, 1)]);
    given(decider, VERIFYING, context).when(promote(2)).thenRefused("GENERATION_NOT_VERIFIED");
    given(decider, VERIFIED, context)
      .when(promote(2, { at: { "portfolio.events/0": 13 } }))
      .thenRefused("GENERATION_NOT_VERIFIED");
    given(decider, VERIFIED, context)
      .when(promote(2, { at: { ...positions, "portfolio.events/1": 0 } }))
      .thenRefused("GENERATION_NOT_VERIFIED");
  });

  it("promotes without a certificate where it is forced, and says so", () => {
    for (const before of [BUILDING, VERIFYING, [...VERIFYING, different(2, 1)]]) {
      given(decider, before, context)
        .when(promote(2, { rule: "forced", at: {} }))
        .then([promoted(2, 1, "forced")]);
    }
  });

  it("promotes and retires once however often it is told", () => {
    given(decider, REPLACED, context).when(promote(2)).then([]);
    given(decider, [...REPLACED, retired(1)], context)
      .when(ended("RetireGeneration", 1))
      .then([]);
  });

  it("rolls back to what was replaced, and promotes again by the same certificate", () => {
    given(decider, REPLACED, context)
      .when(rollBack(1))
      .then([promoted(1, 2, "rollback")]);
    const rolledBack = [...REPLACED, promoted(1, 2, "rollback")];
    given(decider, rolledBack, context).when(rollBack(1)).then([]);
    given(decider, rolledBack, context)
      .when(promote(2))
      .then([promoted(2, 1)]);
  });

  it("does not roll back to what is retired, nor to another version unless forced", () => {
    given(decider, [...REPLACED, retired(1)], context)
      .when(rollBack(1))
      .thenRefused("GENERATION_NOT_IN_PHASE");
    const newer = [...LIVE, started(2, 2), caughtUp(2), verified(2, 1), promoted(2, 1)];
    given(decider, newer, context).when(rollBack(1)).thenRefused("GENERATION_OF_OTHER_VERSION");
    given(decider, newer, context)
      .when(rollBack(1, true))
      .then([promoted(1, 2, "rollback")]);
  });

  it("verifies a build anew when another generation has become live meanwhile", () => {
    const rolledBack = [...REPLACED, started(3), caughtUp(3), verified(3, 2)];
    const back = [...rolledBack, promoted(1, 2, "rollback")];
    given(decider, back, context).when(promote(3)).thenRefused("GENERATION_NOT_VERIFIED");
    given(decider, back, context)
      .when(record(3, 1))
      .then([verified(3, 1)]);
  });

  it("retires only what was replaced", () => {
    given(decider, REPLACED, context)
      .when(ended("RetireGeneration", 1))
      .then([retired(1)]);
    for (const generation of [2, 7]) {
      given(decider, REPLACED, context)
        .when(ended("RetireGeneration", generation))
        .thenRefused("GENERATION_NOT_IN_PHASE");
    }
  });

  it("cancels a build or lets it fail, and numbers go on after it", () => {
    const cancelled = event("GenerationCancelled", { generation: 2, reason });
    const failed = event("GenerationFailed", { generation: 2, reason });
    for (const before of [BUILDING, VERIFYING, VERIFIED, [...VERIFYING, different(2, 1)]]) {
      given(decider, before, context).when(ended("CancelGeneration", 2)).then([cancelled]);
      given(decider, before, context).when(ended("FailGeneration", 2)).then([failed]);
    }
    for (const over of [cancelled, failed]) {
      given(decider, [...BUILDING, over], context)
        .when(start)
        .then([started(3)]);
      given(decider, [...BUILDING, over], context)
        .when(promote(2, { rule: "forced" }))
        .thenRefused("GENERATION_NOT_IN_PHASE");
    }
    given(decider, REPLACED, context)
      .when(ended("FailGeneration", 2))
      .thenRefused("GENERATION_NOT_IN_PHASE");
  });

  it("pauses and resumes once however often it is told", () => {
    const pause = { type: "PauseProjection", data: { reason } } as const;
    const resume = { type: "ResumeProjection", data: { reason } } as const;
    const paused = event("ProjectionPaused", { reason });
    given(decider, LIVE, context).when(pause).then([paused]);
    given(decider, [...LIVE, paused], context)
      .when(pause)
      .then([]);
    given(decider, [...LIVE, paused], context)
      .when(resume)
      .then([event("ProjectionResumed", { reason })]);
    given(decider, LIVE, context).when(resume).then([]);
    given(decider, [], context).when(pause).thenRefused("PROJECTION_UNKNOWN");
  });
});
