import {
  accepted,
  type Decision,
  type DecisionContext,
  mayUse,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { StrategyDocument } from "./document.ts";
import type { StrategyEvent } from "./events.ts";
import type { StrategyFacts } from "./gather.ts";
import type { ExistingStrategy } from "./state.ts";

type Decided = Decision<StrategyEvent>;

/** Active is what has something to watch, at an interval, for an open portfolio with limits. */
export function activate(
  { status, version, document }: ExistingStrategy,
  context: DecisionContext<StrategyFacts>,
): Decided {
  if (status === "active") return accepted([]);
  const { aggregateId, facts } = context;
  if (facts.document !== document) {
    return refused("STRATEGY_CHANGED", `strategy ${aggregateId} was just revised; send it again`);
  }
  const lacking = lackOf(JSON.parse(document) as StrategyDocument, context);
  if (lacking !== null) return incomplete(aggregateId, lacking);
  return accepted([{ type: "StrategyActivated", data: { version }, occurredAtMs: context.nowMs }]);
}

/** The first thing that an active strategy must have and this one has not. */
export function lackOf(
  { instruments = [], interval, portfolio }: StrategyDocument,
  context: DecisionContext<StrategyFacts>,
): string | null {
  const { facts, nowMs } = context;
  if (instruments.length === 0) return "an instrument";
  if (interval === undefined) return "an interval";
  if (portfolio === undefined) return "a portfolio";
  for (const { id, fact } of facts.instruments) {
    const until = fact.value?.delistedFromMs ?? Number.POSITIVE_INFINITY;
    if (fact.value === null || until <= nowMs) return `instrument ${id} listed`;
  }
  const found = facts.portfolio?.value ?? null;
  if (found?.isOpen !== true) return `portfolio ${portfolio} open`;
  if (!mayUse(context, found.owner)) return "a portfolio of your own";
  const limits = facts.riskBook?.value?.limits ?? 0;
  return limits > 0 ? null : `a risk limit set on portfolio ${portfolio}`;
}

export function incomplete(aggregateId: string, lacking: string): Decided {
  const detail = `an active strategy needs ${lacking}, and ${aggregateId} has it not; revise it`;
  return refused("STRATEGY_INCOMPLETE", detail, { lacking });
}
