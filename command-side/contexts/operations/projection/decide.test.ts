import { given } from "../../../../test/given.ts";
import { decider } from "./decide.ts";
import type { ProjectionEvent } from "./events.ts";

const at = 1_000;
const context = { nowMs: at, aggregateId: "portfolios" };
const reason = "test";

const started = (generation: number): ProjectionEvent => ({
  type: "GenerationStarted",
  data: { generation, version: 1, reason },
  occurredAtMs: at,
});
const promoted = (generation: number, previous: number | null): ProjectionEvent => ({
  type: "GenerationPromoted",
  data: {
    generation,
    previous,
    rule: previous === null ? "first" : "caught-up",
    verified: false,
    positions: {},
    reason,
  },
  occurredAtMs: at,
});
const retired = (generation: number): ProjectionEvent => ({
  type: "GenerationRetired",
  data: { generation, reason },
  occurredAtMs: at,
});

const start = { type: "StartGeneration", data: { version: 1, reason } } as const;
const promote = (generation: number) =>
  ({
    type: "PromoteGeneration",
    data: { generation, rule: "caught-up", positions: {}, reason },
  }) as const;
const retire = (generation: number) =>
  ({ type: "RetireGeneration", data: { generation, reason } }) as const;
const cancel = (generation: number) =>
  ({ type: "CancelGeneration", data: { generation, reason } }) as const;

describe("the life of a projection's generations", () => {
  it("promotes the first generation by rule as it starts", () => {
    given(decider, [], context)
      .when(start)
      .then([started(1), promoted(1, null)]);
  });

  it("builds the next one beside the live one", () => {
    given(decider, [started(1), promoted(1, null)], context)
      .when(start)
      .then([started(2)]);
  });

  it("refuses a second build while one runs", () => {
    given(decider, [started(1), promoted(1, null), started(2)], context)
      .when(start)
      .thenRefused("REBUILD_RUNNING");
  });

  it("promotes a built generation, unverified, over the live one", () => {
    given(decider, [started(1), promoted(1, null), started(2)], context)
      .when(promote(2))
      .then([promoted(2, 1)]);
  });

  it("promotes and retires once however often it is told", () => {
    const promotedTwo = [started(1), promoted(1, null), started(2), promoted(2, 1)];
    given(decider, promotedTwo, context).when(promote(2)).then([]);
    given(decider, [...promotedTwo, retired(1)], context)
      .when(retire(1))
      .then([]);
  });

  it("retires only what was replaced", () => {
    const promotedTwo = [started(1), promoted(1, null), started(2), promoted(2, 1)];
    given(decider, promotedTwo, context)
      .when(retire(1))
      .then([retired(1)]);
    given(decider, promotedTwo, context).when(retire(2)).thenRefused("GENERATION_NOT_IN_PHASE");
    given(decider, promotedTwo, context).when(retire(7)).thenRefused("GENERATION_NOT_IN_PHASE");
  });

  it("cancels a build, and numbers go on after it", () => {
    const building = [started(1), promoted(1, null), started(2)];
    const cancelled: ProjectionEvent = {
      type: "GenerationCancelled",
      data: { generation: 2, reason },
      occurredAtMs: at,
    };
    given(decider, building, context).when(cancel(2)).then([cancelled]);
    given(decider, [...building, cancelled], context)
      .when(start)
      .then([started(3)]);
    given(decider, [...building, cancelled], context)
      .when(promote(2))
      .thenRefused("GENERATION_NOT_IN_PHASE");
  });
});
