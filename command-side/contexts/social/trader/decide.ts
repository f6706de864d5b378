import {
  accepted,
  type Decider,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { Fact, PortfolioFact } from "../../../facts.ts";
import type {
  BlockTrader,
  FollowTrader,
  LeaveNetwork,
  RegisterTrader,
  TraderCommand,
} from "./commands.ts";
import { adjustCopy, pauseCopy, startCopying, stopCopying } from "./copying.ts";
import type { TraderEvent } from "./events.ts";
import { BLOCKED_TRADERS, FOLLOWED_TRADERS } from "./limits.ts";
import { obstacleTo, tooManyRelations } from "./relation-rules.ts";
import { evolve, initialState, type TraderState } from "./state.ts";
import { foldedHandle, type SocialGraph } from "./view.ts";

type Decided = Decision<TraderEvent>;

/** What copying asks of others: the portfolio that pays for it. */
interface SocialFacts {
  readonly portfolio: Fact<PortfolioFact>;
}

export type SocialContext = DecisionContext<SocialFacts | null, SocialGraph>;

export const decider: Decider<TraderState, TraderCommand, TraderEvent, SocialContext> = {
  initialState,
  evolve,
  decide(state, command, context) {
    if (state === "left") return refused("TRADER_LEFT", `${context.aggregateId} has left`);
    if (command.type === "RegisterTrader") return register(state, command, context);
    if (state === "registered") return decideRegistered(command, context);
    return refused("TRADER_NOT_REGISTERED", `no trader ${context.aggregateId} was registered`);
  },
};

function decideRegistered(
  command: Exclude<TraderCommand, RegisterTrader>,
  context: SocialContext,
): Decided {
  switch (command.type) {
    case "LeaveNetwork":
      return leave(command, context);
    case "FollowTrader":
      return follow(command, context);
    case "UnfollowTrader":
      return unfollow(command, context);
    case "BlockTrader":
      return block(command, context);
    case "UnblockTrader":
      return unblock(command, context);
    case "StartCopying":
      return startCopying(command, context);
    case "AdjustCopy":
      return adjustCopy(command, context);
    case "PauseCopy":
    case "ResumeCopy":
      return pauseCopy(command, context);
    case "StopCopying":
      return stopCopying(command, context);
  }
}

function register(
  state: TraderState,
  { data }: RegisterTrader,
  { aggregateId, nowMs, view }: SocialContext,
): Decided {
  if (state === "registered") {
    const known = view.profiles.get(aggregateId);
    const isSame =
      known?.handle === data.handle &&
      known.acceptsCopiers === data.acceptsCopiers &&
      known.copierLimit === data.copierLimit;
    if (isSame) return accepted([]);
    const detail = `${aggregateId} is registered as ${known?.handle}`;
    return refused("TRADER_ALREADY_REGISTERED", detail);
  }
  if (view.handles.has(foldedHandle(data.handle))) {
    return refused("HANDLE_TAKEN", `the handle ${data.handle} is another trader's; choose another`);
  }
  return accepted([{ type: "TraderRegistered", data, occurredAtMs: nowMs }]);
}

function leave({ data }: LeaveNetwork, { nowMs }: SocialContext): Decided {
  return accepted([{ type: "TraderLeft", data, occurredAtMs: nowMs }]);
}

function follow({ data }: FollowTrader, context: SocialContext): Decided {
  const { aggregateId: follower, view, nowMs } = context;
  const { leader } = data;
  const obstacle = obstacleTo(leader, context);
  if (obstacle !== null) return obstacle;
  if (view.following.has(follower, leader)) return accepted([]);
  if (view.following.from(follower).size >= FOLLOWED_TRADERS) {
    return tooManyRelations("follows", FOLLOWED_TRADERS);
  }
  return accepted([{ type: "TraderFollowed", data: { leader }, occurredAtMs: nowMs }]);
}

function unfollow({ data }: FollowTrader, { aggregateId, view, nowMs }: SocialContext): Decided {
  const { leader } = data;
  if (!view.following.has(aggregateId, leader)) return accepted([]);
  return accepted([{ type: "TraderUnfollowed", data: { leader }, occurredAtMs: nowMs }]);
}

function block({ data }: BlockTrader, context: SocialContext): Decided {
  const { aggregateId, view, nowMs } = context;
  const { blocked } = data;
  if (view.blocking.has(aggregateId, blocked)) return accepted([]);
  const obstacle = obstacleTo(blocked, context, "blocking");
  if (obstacle !== null) return obstacle;
  if (view.blocking.from(aggregateId).size >= BLOCKED_TRADERS) {
    return tooManyRelations("blocks", BLOCKED_TRADERS);
  }
  return accepted([{ type: "TraderBlocked", data: { blocked }, occurredAtMs: nowMs }]);
}

function unblock({ data }: BlockTrader, { aggregateId, view, nowMs }: SocialContext): Decided {
  const { blocked } = data;
  if (!view.blocking.has(aggregateId, blocked)) return accepted([]);
  return accepted([{ type: "TraderUnblocked", data: { blocked }, occurredAtMs: nowMs }]);
}
