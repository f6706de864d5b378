import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { StrategyDocument } from "./document.ts";
import type { StrategyEvent } from "./events.ts";
import type { StrategyFacts } from "./gather.ts";
import type { ExistingStrategy } from "./state.ts";

type Decided = Decision<StrategyEvent>;

/** Active is a strategy that has something to watch, at an interval, for an open portfolio. */
export function activate(
  { status, version, document }: ExistingStrategy,
  context: DecisionContext<StrategyFacts>,
): Decided {
  if (status === "active") return accepted([]);
  const { aggregateId, facts, nowMs } = context;
  const asked = JSON.parse(document) as StrategyDocument;
  const lacking = lackOf(asked);
  if (lacking !== null) {
    return incomplete(`strategy ${aggregateId} has not ${lacking}; revise it first`, lacking);
  }
  if (facts.document !== document) {
    return refused("STRATEGY_CHANGED", `strategy ${aggregateId} was just revised; send it again`);
  }
  for (const { id, fact } of facts.instruments) {
    const until = fact.value?.delistedFromMs ?? Number.POSITIVE_INFINITY;
    if (fact.value === null || until <= nowMs) {
      return incomplete(`instrument ${id} is not listed; name one that is`, `instrument ${id}`);
    }
  }
  if (facts.portfolio?.value?.isOpen !== true) {
    const detail = `portfolio ${asked.portfolio} is not open; open it or name another one`;
    return incomplete(detail, `portfolio ${asked.portfolio}`);
  }
  return accepted([{ type: "StrategyActivated", data: { version }, occurredAtMs: nowMs }]);
}

/** The first thing that an active strategy must have and this one has not. */
export function lackOf({ instruments, interval, portfolio }: StrategyDocument): string | null {
  if (instruments === undefined || instruments.length === 0) return "an instrument";
  if (interval === undefined) return "an interval";
  return portfolio === undefined ? "a portfolio" : null;
}

function incomplete(detail: string, lacking: string): Decided {
  return refused("STRATEGY_INCOMPLETE", detail, { lacking });
}
