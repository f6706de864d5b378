import { expect } from "chai";
import { decimal } from "../../platform/kernel/decimal.ts";
import type { CopyStarted, SocialEvent } from "../../schemas/generated/social.ts";
import { assertDeclared, changesTo, recorded } from "../runner/recorded.fixture.ts";
import { social } from "./projection.ts";

const ID = "t-1";
const LEADER = "t-2";
const TIME_MS = 1_723_161_255_342;
const STARTED_MS = TIME_MS - 60_000;
const EDGE = { followerId: ID, leaderId: LEADER };
const BACK = { followerId: LEADER, leaderId: ID };

const copy: CopyStarted = {
  leader: LEADER,
  portfolioId: "p-1",
  allocation: decimal("500.50"),
  mode: "multiplier",
  multiplier: decimal("0.5"),
  startedMs: STARTED_MS,
  isPaused: false,
};

const copyRow = {
  ...EDGE,
  portfolioId: "p-1",
  allocation: "500.5",
  mode: "multiplier",
  multiplier: "0.5",
  isPaused: false,
  sinceMs: STARTED_MS,
};

/** Every event of the context once, by its type. */
const EVENTS: { readonly [T in SocialEvent["type"]]: Extract<SocialEvent, { type: T }> } = {
  TraderRegistered: {
    type: "TraderRegistered",
    data: { handle: "Steady_Hands", acceptsCopiers: true, copierLimit: 100 },
    occurredAtMs: TIME_MS,
  },
  TraderLeft: { type: "TraderLeft", data: { reason: "done" }, occurredAtMs: TIME_MS },
  TraderFollowed: { type: "TraderFollowed", data: { leader: LEADER }, occurredAtMs: TIME_MS },
  TraderUnfollowed: { type: "TraderUnfollowed", data: { leader: LEADER }, occurredAtMs: TIME_MS },
  TraderBlocked: { type: "TraderBlocked", data: { blocked: LEADER }, occurredAtMs: TIME_MS },
  TraderUnblocked: { type: "TraderUnblocked", data: { blocked: LEADER }, occurredAtMs: TIME_MS },
  CopyStarted: { type: "CopyStarted", data: copy, occurredAtMs: STARTED_MS },
  CopyAdjusted: { type: "CopyAdjusted", data: copy, occurredAtMs: TIME_MS },
  CopyPaused: { type: "CopyPaused", data: { ...copy, isPaused: true }, occurredAtMs: TIME_MS },
  CopyResumed: { type: "CopyResumed", data: copy, occurredAtMs: TIME_MS },
  CopyStopped: {
    type: "CopyStopped",
    data: { leader: LEADER, closeMode: "preserve" },
    occurredAtMs: TIME_MS,
  },
};

function changes(event: SocialEvent) {
  return social.project(recorded(event, { aggregateId: ID }));
}

describe("the projection of the social graph", () => {
  it("keeps a handle as it was given, and folded for whoever looks for it", () => {
    const row = {
      traderId: ID,
      handle: "Steady_Hands",
      foldedHandle: "steady_hands",
      acceptsCopiers: true,
      copierLimit: 100,
      registeredAtMs: TIME_MS,
    };
    expect(changes(EVENTS.TraderRegistered)).to.deep.equal([{ table: "traders", row }]);
  });

  it("writes who has left beside the trader, and touches no relation", () => {
    const row = { traderId: ID, reason: "done", leftAtMs: TIME_MS };
    expect(changes(EVENTS.TraderLeft)).to.deep.equal([{ table: "departures", row }]);
  });

  it("has one row for a follow, from the follower to the leader, and removes that one", () => {
    const row = { ...EDGE, sinceMs: TIME_MS };
    expect(changes(EVENTS.TraderFollowed)).to.deep.equal([{ table: "follows", row }]);
    const ended = [{ table: "follows", row: EDGE, deleted: true }];
    expect(changes(EVENTS.TraderUnfollowed)).to.deep.equal(ended);
  });

  it("ends follows and copies both ways with a block", () => {
    const row = { traderId: ID, blockedId: LEADER, sinceMs: TIME_MS };
    expect(changes(EVENTS.TraderBlocked)).to.have.deep.members([
      { table: "blocks", row },
      { table: "follows", row: EDGE, deleted: true },
      { table: "follows", row: BACK, deleted: true },
      { table: "copies", row: EDGE, deleted: true },
      { table: "copies", row: BACK, deleted: true },
    ]);
  });

  it("takes back a block alone; what it ended stays ended", () => {
    const row = { traderId: ID, blockedId: LEADER };
    const ended = [{ table: "blocks", row, deleted: true }];
    expect(changes(EVENTS.TraderUnblocked)).to.deep.equal(ended);
  });

  it("writes a copy as the event says it is afterwards, since when it began", () => {
    for (const type of ["CopyStarted", "CopyAdjusted", "CopyResumed"] as const) {
      expect(changes(EVENTS[type]), type).to.deep.equal([{ table: "copies", row: copyRow }]);
    }
    const paused = { ...copyRow, isPaused: true };
    expect(changes(EVENTS.CopyPaused)).to.deep.equal([{ table: "copies", row: paused }]);
  });

  it("keeps a multiplier that there is none of as null", () => {
    const data = { ...copy, mode: "proportional", multiplier: null };
    const event = recorded<SocialEvent>(
      { type: "CopyStarted", data, occurredAtMs: STARTED_MS },
      { aggregateId: ID },
    );
    const [change] = changesTo(social, "copies", event);
    expect(change?.row).to.include({ mode: "proportional", multiplier: null });
  });

  it("removes a copy that has stopped, and leaves the follow", () => {
    const ended = [{ table: "copies", row: EDGE, deleted: true }];
    expect(changes(EVENTS.CopyStopped)).to.deep.equal(ended);
  });

  it("writes nothing that is not declared, and leaves nothing out", () => {
    for (const event of Object.values(EVENTS)) {
      expect(changes(event), event.type).to.have.length.above(0);
      assertDeclared(social, changes(event));
    }
  });
});
