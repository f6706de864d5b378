import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { AcknowledgeBreach, RemoveRiskLimit, ResetLimit, SetRiskLimit } from "./commands.ts";
import type { RiskEvent } from "./events.ts";
import { transitionOf } from "./lifecycle.ts";
import { hasWindow, limitIdOf } from "./limit-kinds.ts";
import { type MeasuredLimit, measuredLimit } from "./limit-values.ts";
import { type Limit, type LimitDefinition, newLimit, type RiskBook } from "./state.ts";

/** Limits of one risk book; every assessment measures each of them. */
const LIMITS = 100;

type Decided = Decision<RiskEvent>;

/** Measured at once by the last assessment, so that nobody waits for the next to see a breach. */
export function setRiskLimit(
  state: RiskBook,
  { data }: SetRiskLimit,
  { nowMs }: DecisionContext,
): Decided {
  const { kind, asset, warnAt, limit, action, hysteresis } = data;
  const limitId = limitIdOf(kind, asset);
  const known = state.limits.get(limitId);
  if (known === undefined && state.limits.size >= LIMITS) {
    return refused("RISK_LIMITS_TOO_MANY", `${LIMITS} limits are set; remove one first`);
  }
  const definition = { limitId, kind, asset, warnAt, limit, action, hysteresis };
  if (known !== undefined && isSame(known.definition, definition)) return accepted([]);
  const changed = { ...(known ?? newLimit(definition)), definition };
  const measured = measuredNow(state, limitId, changed);
  const set = { ...definition, ...figuresOf(state, measured) };
  return accepted([
    { type: "RiskLimitSet", data: set, occurredAtMs: nowMs },
    ...transitions(state, measured, { cause: "limit_set", nowMs }),
  ]);
}

type ChangingCommand = RemoveRiskLimit | ResetLimit | AcknowledgeBreach;

/** What changes a limit that is set. */
export function changeLimit(
  state: RiskBook,
  command: ChangingCommand,
  { nowMs }: DecisionContext,
): Decided {
  const { kind, asset } = command.data;
  const limitId = limitIdOf(kind, asset);
  const limit = state.limits.get(limitId);
  if (limit === undefined) {
    return refused("RISK_LIMIT_UNKNOWN", `no limit ${limitId} is set`, { limitId });
  }
  const known: Known = { name: { limitId, kind, asset }, limit, nowMs };
  switch (command.type) {
    case "RemoveRiskLimit":
      return removeLimit(known, command);
    case "ResetLimit":
      return resetLimit(state, known, command);
    case "AcknowledgeBreach":
      return acknowledgeBreach(known, command);
  }
}

interface Known {
  readonly name: Pick<LimitDefinition, "limitId" | "kind" | "asset">;
  readonly limit: Limit;
  readonly nowMs: number;
}

function removeLimit({ name, limit, nowMs }: Known, { data }: RemoveRiskLimit): Decided {
  const removed = { ...name, breachId: limit.breachId, reason: data.reason };
  return accepted([{ type: "RiskLimitRemoved", data: removed, occurredAtMs: nowMs }]);
}

/** A new start time, without which a stop would fire again at once. */
function resetLimit(state: RiskBook, { name, limit, nowMs }: Known, { data }: ResetLimit): Decided {
  if (!hasWindow(data.kind)) {
    const detail = `${data.kind} is measured as it is now; change the limit or the positions`;
    return refused("RISK_LIMIT_WITHOUT_WINDOW", detail);
  }
  const startMs = Math.max(nowMs, state.assessed?.asOfMs ?? 0);
  const window = { startMs, nav: state.assessed?.nav ?? 1 };
  const measured = measuredNow(state, name.limitId, { ...limit, window });
  const reset = { ...name, ...window, reason: data.reason, ...figuresOf(state, measured) };
  return accepted([
    { type: "RiskLimitReset", data: reset, occurredAtMs: nowMs },
    ...transitions(state, measured, { cause: "reset", nowMs }),
  ]);
}

function acknowledgeBreach({ name, limit, nowMs }: Known, { data }: AcknowledgeBreach): Decided {
  const { breachId, state } = limit;
  if (breachId === null) return refused("NO_OPEN_BREACH", `${name.limitId} is ${state}`);
  if (limit.acknowledged) return accepted([]);
  const acknowledged = { ...name, breachId, note: data.note };
  return accepted([{ type: "BreachAcknowledged", data: acknowledged, occurredAtMs: nowMs }]);
}

/** By the last assessment; null: nothing was assessed yet. */
function measuredNow({ assessed }: RiskBook, limitId: string, limit: Limit): MeasuredLimit | null {
  return assessed === null ? null : measuredLimit(limitId, limit, assessed);
}

function figuresOf({ assessed }: RiskBook, measured: MeasuredLimit | null) {
  const { value = null, usage = null } = measured ?? {};
  return { value, usage, asOfMs: assessed?.asOfMs ?? null };
}

function transitions(
  { assessed }: RiskBook,
  measured: MeasuredLimit | null,
  occasion: { readonly cause: "limit_set" | "reset"; readonly nowMs: number },
): readonly RiskEvent[] {
  if (assessed === null || measured === null) return [];
  return transitionOf(measured, { ...occasion, assessed });
}

function isSame(one: LimitDefinition, other: LimitDefinition): boolean {
  const sameWarning =
    one.warnAt === null ? other.warnAt === null : other.warnAt?.eq(one.warnAt) === true;
  const sameLimit = one.limit.eq(other.limit) && one.hysteresis.eq(other.hysteresis);
  return sameWarning && sameLimit && one.action === other.action;
}
