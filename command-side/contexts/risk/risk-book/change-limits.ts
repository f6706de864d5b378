import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { AcknowledgeBreach, RemoveRiskLimit, ResetLimit, SetRiskLimit } from "./commands.ts";
import type { RiskEvent, RiskLimitSet } from "./events.ts";
import { transitionOf } from "./lifecycle.ts";
import { hasWindow, limitIdOf } from "./limit-kinds.ts";
import { measuredLimit } from "./limit-values.ts";
import type { Limit, RiskBook } from "./state.ts";

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
  const set: RiskEvent = { type: "RiskLimitSet", data: definition, occurredAtMs: nowMs };
  const fresh = { state: "ok", breachId: null, acknowledged: false, breaches: 0 } as const;
  const changed: Limit = { window: null, ...fresh, ...known, definition };
  return accepted([set, ...remeasured(state, limitId, changed, { cause: "limit_set", nowMs })]);
}

export function removeRiskLimit(
  state: RiskBook,
  { data }: RemoveRiskLimit,
  { nowMs }: DecisionContext,
): Decided {
  const { kind, asset, reason } = data;
  const limitId = limitIdOf(kind, asset);
  const known = state.limits.get(limitId);
  if (known === undefined) return unknown(limitId);
  const removed = { limitId, kind, asset, breachId: known.breachId, reason };
  return accepted([{ type: "RiskLimitRemoved", data: removed, occurredAtMs: nowMs }]);
}

/** A new start time, without which a stop would fire again at once. */
export function resetLimit(
  state: RiskBook,
  { data }: ResetLimit,
  { nowMs }: DecisionContext,
): Decided {
  const { kind, asset, reason } = data;
  const limitId = limitIdOf(kind, asset);
  const known = state.limits.get(limitId);
  if (known === undefined) return unknown(limitId);
  if (!hasWindow(kind)) {
    const detail = `${kind} is measured as it is now; change the limit or the positions`;
    return refused("RISK_LIMIT_WITHOUT_WINDOW", detail);
  }
  const startMs = Math.max(nowMs, state.assessed?.asOfMs ?? 0);
  const window = { startMs, nav: state.assessed?.nav ?? 1 };
  const reset: RiskEvent = {
    type: "RiskLimitReset",
    data: { limitId, kind, asset, ...window, reason },
    occurredAtMs: nowMs,
  };
  const begun = { ...known, window };
  return accepted([reset, ...remeasured(state, limitId, begun, { cause: "reset", nowMs })]);
}

export function acknowledgeBreach(
  state: RiskBook,
  { data }: AcknowledgeBreach,
  { nowMs }: DecisionContext,
): Decided {
  const { kind, asset, note } = data;
  const limitId = limitIdOf(kind, asset);
  const known = state.limits.get(limitId);
  if (known === undefined) return unknown(limitId);
  const { breachId } = known;
  if (breachId === null) return refused("NO_OPEN_BREACH", `${limitId} is ${known.state}`);
  if (known.acknowledged) return accepted([]);
  const acknowledged = { limitId, kind, asset, breachId, note };
  return accepted([{ type: "BreachAcknowledged", data: acknowledged, occurredAtMs: nowMs }]);
}

function remeasured(
  { assessed }: RiskBook,
  limitId: string,
  limit: Limit,
  occasion: { readonly cause: "limit_set" | "reset"; readonly nowMs: number },
): readonly RiskEvent[] {
  if (assessed === null) return [];
  return transitionOf(measuredLimit(limitId, limit, assessed), { ...occasion, assessed });
}

function isSame(one: RiskLimitSet, other: RiskLimitSet): boolean {
  const sameWarning =
    one.warnAt === null ? other.warnAt === null : other.warnAt?.eq(one.warnAt) === true;
  const sameLimit = one.limit.eq(other.limit) && one.hysteresis.eq(other.hysteresis);
  return sameWarning && sameLimit && one.action === other.action;
}

function unknown(limitId: string): Decided {
  return refused("RISK_LIMIT_UNKNOWN", `no limit ${limitId} is set`, { limitId });
}
