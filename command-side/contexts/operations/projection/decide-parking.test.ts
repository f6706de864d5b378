import { given } from "../../../../test/given.ts";
import { decider } from "./decide.ts";
import type { ProjectionEvent } from "./events.ts";

const at = 1_000;
const context = { nowMs: at, aggregateId: "portfolios" };
const reason = "test";
const fault = "no such column";
const partition = "portfolio.events/0";
const stream = "p-1";

type Data<T extends ProjectionEvent["type"]> = Extract<ProjectionEvent, { type: T }>["data"];

function event<T extends ProjectionEvent["type"]>(type: T, data: Data<T>): ProjectionEvent {
  return { type, data, occurredAtMs: at } as ProjectionEvent;
}

const started = (generation: number) =>
  event("GenerationStarted", { generation, version: 1, reason, maxLiveLagMs: null });
const live = (generation: number, previous: number | null) =>
  event("GenerationPromoted", {
    ...{ generation, previous, rule: "forced", verified: false, positions: {}, reason },
  });
const caughtUp = (generation: number) => event("GenerationCaughtUp", { generation, positions: {} });
const retired = (generation: number) => event("GenerationRetired", { generation, reason });

interface More {
  readonly generation?: number;
  readonly position?: number;
  readonly releases?: number;
}

const placeOf = ({ generation = 1 }: More = {}) => ({ generation, partition, stream });
const factsOf = ({ position = 7, releases = 0 }: More = {}) => {
  return { position, sequence: position - 4, reason: fault, releases };
};
const parked = (more?: More) => event("StreamParked", { ...placeOf(more), ...factsOf(more) });
const requested = (more: More = {}) => {
  const { position = 7, releases = 1 } = more;
  return event("StreamReleaseRequested", { ...placeOf(more), position, releases, reason });
};
const released = (more: More = {}) => {
  const { releases = 1 } = more;
  return event("StreamReleased", { ...placeOf(more), releases, through: 40 });
};
const discarded = (more: More = {}) => {
  const { position = 7 } = more;
  const where = { position, sequence: position - 4 };
  return event("ParkedEventDiscarded", { ...placeOf(more), ...where, fault, reason });
};

const park = (more?: More) =>
  ({ type: "RecordParkedStream", data: { ...placeOf(more), ...factsOf(more) } }) as const;
const release = (more?: More) =>
  ({ type: "ReleaseStream", data: { ...placeOf(more), reason } }) as const;
const recordReleased = (releases: number, more?: More) =>
  ({ type: "RecordReleasedStream", data: { ...placeOf(more), releases, through: 40 } }) as const;
const discard = (more: More = {}) =>
  ({
    type: "DiscardParkedEvent",
    data: { ...placeOf(more), position: more.position ?? 7, reason },
  }) as const;

const LIVE = [started(1), live(1, null)];
const PARKED = [...LIVE, parked()];
const RELEASING = [...PARKED, requested()];
const TWO = [...LIVE, started(2), caughtUp(2)];

describe("parked streams of a projection", () => {
  describe("set aside", () => {
    it("are recorded once, however often a projector tells it", () => {
      given(decider, LIVE, context).when(park()).then([parked()]);
      given(decider, PARKED, context).when(park()).then([]);
    });

    it("are recorded where they have moved, and in each generation by itself", () => {
      const further = { position: 9 };
      given(decider, PARKED, context)
        .when(park(further))
        .then([parked(further)]);
      const other = { generation: 2 };
      const both = [...TWO, parked()];
      given(decider, both, context)
        .when(park(other))
        .then([parked(other)]);
    });

    it("are no more than a projector would ever park", () => {
      const many = Array.from({ length: 1_000 }, (_, i) => {
        return event("StreamParked", { ...placeOf(), stream: `p-${i + 2}`, ...factsOf() });
      });
      given(decider, [...LIVE, ...many], context)
        .when(park())
        .thenRefused("TOO_MANY_PARKED");
    });

    it("go with their generation, and are not recorded of one that is over", () => {
      const over = [...TWO, parked(), live(2, 1), retired(1)];
      given(decider, over, context).when(release()).thenRefused("STREAM_NOT_PARKED");
      given(decider, over, context).when(park()).thenRefused("GENERATION_NOT_IN_PHASE");
    });
  });

  describe("released", () => {
    it("are so by an order with a number, once at a time", () => {
      given(decider, PARKED, context).when(release()).then([requested()]);
      given(decider, RELEASING, context).when(release()).then([]);
      given(decider, LIVE, context).when(release()).thenRefused("STREAM_NOT_PARKED");
    });

    it("are through when a projector says so of the same order", () => {
      given(decider, RELEASING, context).when(recordReleased(1)).then([released()]);
      given(decider, RELEASING, context).when(recordReleased(0)).then([]);
      const through = [...RELEASING, released()];
      given(decider, through, context).when(recordReleased(1)).then([]);
      given(decider, through, context).when(release()).thenRefused("STREAM_NOT_PARKED");
    });

    it("are parked again by the order that came to nothing, and by no earlier one", () => {
      const again = { releases: 1 };
      given(decider, RELEASING, context).when(park()).then([]);
      given(decider, RELEASING, context)
        .when(park(again))
        .then([parked(again)]);
      const twice = [...RELEASING, parked(again), requested({ releases: 2 })];
      given(decider, twice, context).when(park(again)).then([]);
      const second = { releases: 2, position: 9 };
      given(decider, twice, context)
        .when(park(second))
        .then([parked(second)]);
    });

    it("may be through without an order, where the store lost that they were parked", () => {
      const once = released({ releases: 0 });
      given(decider, PARKED, context).when(recordReleased(0)).then([once]);
    });
  });

  describe("of which an event is discarded", () => {
    it("go on behind it, in every generation that is parked there", () => {
      given(decider, PARKED, context).when(discard()).then([discarded()]);
      const gone = [...PARKED, discarded()];
      given(decider, gone, context).when(discard()).then([]);
      given(decider, gone, context).when(release()).then([]);
      given(decider, gone, context).when(recordReleased(1)).then([released()]);
      const both = [...TWO, parked(), parked({ generation: 2 }), discarded()];
      const other = { generation: 2 };
      given(decider, both, context)
        .when(recordReleased(1, other))
        .then([released(other)]);
    });

    it("must be parked at that very event, and not be on the move", () => {
      const seen = { position: 6 };
      given(decider, PARKED, context).when(discard(seen)).thenRefused("STREAM_PARKED_ELSEWHERE");
      given(decider, RELEASING, context).when(discard()).thenRefused("RELEASE_RUNNING");
      given(decider, LIVE, context).when(discard()).thenRefused("STREAM_NOT_PARKED");
    });

    it("must not have applied it anywhere, save where it may not have come yet", () => {
      const applied = [...TWO, parked()];
      given(decider, applied, context).when(discard()).thenRefused("EVENT_APPLIED");
      const before = [...applied, parked({ generation: 2, position: 5 })];
      given(decider, before, context).when(discard()).then([discarded()]);
      const beyond = [...applied, parked({ generation: 2, position: 9 })];
      given(decider, beyond, context).when(discard()).thenRefused("EVENT_APPLIED");
      const building = [...LIVE, started(2), parked()];
      given(decider, building, context).when(discard()).then([discarded()]);
    });

    it("are discarded a limited number of times", () => {
      const many = Array.from({ length: 1_000 }, (_, i) => discarded({ position: i + 1_000 }));
      const full = [...PARKED, ...many];
      given(decider, full, context).when(discard()).thenRefused("TOO_MANY_DISCARDED");
    });
  });
});
