import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { decimalText } from "../../platform/kernel/decimal.ts";
import type { CopyStarted, SocialEvent } from "../../schemas/generated/social.ts";
import { optionalDecimalText } from "../runner/column-text.ts";
import type { Change, Projection } from "../runner/projection.ts";
import { tables } from "./store.ts";

/** Traders with whom they follow, block and copy. */
export const social: Projection<SocialEvent> = {
  name: "social",
  version: 2,
  // Rows know where they began.
  changes: { since: 1, differs: [] },
  topics: ["social.events"],
  tables,
  project: changesOf,
};

function changesOf({ aggregateId, event }: RecordedEvent<SocialEvent>): readonly Change[] {
  const { occurredAtMs } = event;
  switch (event.type) {
    case "TraderRegistered":
      return [registered(aggregateId, event)];
    case "TraderLeft": {
      const row = { traderId: aggregateId, reason: event.data.reason, leftAtMs: occurredAtMs };
      return [{ table: "departures", row }];
    }
    case "TraderFollowed": {
      const row = { ...edge(aggregateId, event.data.leader), sinceMs: occurredAtMs };
      return [{ table: "follows", row }];
    }
    case "TraderUnfollowed":
      return [ended("follows", aggregateId, event.data.leader)];
    case "TraderBlocked":
      return blocked(aggregateId, event.data.blocked, occurredAtMs);
    case "TraderUnblocked": {
      const row = { traderId: aggregateId, blockedId: event.data.blocked };
      return [{ table: "blocks", row, deleted: true }];
    }
    case "CopyStopped":
      return [ended("copies", aggregateId, event.data.leader)];
    case "CopyStarted":
    case "CopyAdjusted":
    case "CopyPaused":
    case "CopyResumed":
      return [copied(aggregateId, event.data)];
  }
}

function registered(
  traderId: string,
  { data, occurredAtMs }: Extract<SocialEvent, { type: "TraderRegistered" }>,
): Change {
  const { handle, acceptsCopiers, copierLimit } = data;
  const names = { handle, foldedHandle: handle.toLowerCase() };
  const row = { traderId, ...names, acceptsCopiers, copierLimit, registeredAtMs: occurredAtMs };
  return { table: "traders", row };
}

/** Whatever stood between the two has ended, in both directions. */
function blocked(traderId: string, blockedId: string, sinceMs: number): Change[] {
  return [
    { table: "blocks", row: { traderId, blockedId, sinceMs } },
    ended("follows", traderId, blockedId),
    ended("follows", blockedId, traderId),
    ended("copies", traderId, blockedId),
    ended("copies", blockedId, traderId),
  ];
}

function copied(followerId: string, copy: CopyStarted): Change {
  const { leader, portfolioId, mode, isPaused, startedMs: sinceMs } = copy;
  const allocation = decimalText(copy.allocation);
  const multiplier = optionalDecimalText(copy.multiplier);
  const terms = { portfolioId, allocation, mode, multiplier, isPaused, sinceMs };
  return { table: "copies", row: { ...edge(followerId, leader), ...terms } };
}

function ended(table: "follows" | "copies", followerId: string, leaderId: string): Change {
  return { table, row: edge(followerId, leaderId), deleted: true };
}

function edge(followerId: string, leaderId: string) {
  return { followerId, leaderId };
}
