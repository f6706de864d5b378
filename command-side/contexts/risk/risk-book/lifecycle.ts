import { type Decimal, ONE, product } from "../../../../platform/kernel/decimal.ts";
import type { RiskAssessed, RiskEvent } from "./events.ts";
import type { MeasuredLimit } from "./limit-values.ts";
import type { Limit, LimitDefinition, LimitState } from "./state.ts";

interface Occasion {
  readonly cause: "assessment" | "limit_set" | "reset";
  readonly assessed: RiskAssessed;
  readonly nowMs: number;
}

/**
 * The limits that change their state: one event each, named by the state it leads to.
 *
 *   ok → warned at warnAt, → breached at limit, also at once; back only below the threshold by the
 *   hysteresis, so that a value which swings around it is not told again and again.
 */
export function transitionsOf(limits: readonly MeasuredLimit[], occasion: Occasion): RiskEvent[] {
  return limits.flatMap((measured) => transitionOf(measured, occasion));
}

/** A value that cannot be measured changes nothing. */
export function transitionOf(measured: MeasuredLimit, occasion: Occasion): RiskEvent[] {
  const { limitId, limit, value } = measured;
  if (value === null) return [];
  const { definition, state, breaches } = limit;
  const next = nextState(state, value, definition);
  if (next === state) return [];
  const begins = next === "breached";
  const breachId = begins ? `${limitId}#${breaches + 1}` : limit.breachId;
  const { kind, asset, warnAt, limit: at, action } = definition;
  const { cause, assessed, nowMs } = occasion;
  const data = { limitId, kind, asset, from: state, value, warnAt, limit: at, action, breachId };
  const type = begins ? "LimitBreached" : next === "warned" ? "LimitWarned" : "LimitCleared";
  const changed: RiskEvent = {
    type,
    data: { ...data, cause, asOfMs: assessed.asOfMs },
    occurredAtMs: nowMs,
  };
  return begins && action === "close"
    ? [changed, liquidation(limit, breachId, occasion)]
    : [changed];
}

function nextState(
  state: LimitState,
  value: Decimal,
  { limit, warnAt, hysteresis }: LimitDefinition,
): LimitState {
  const kept = ONE.minus(hysteresis);
  if (value.gte(limit)) return "breached";
  if (state === "breached" && value.gte(product(limit, kept))) return "breached";
  if (warnAt === null) return "ok";
  if (value.gte(warnAt)) return "warned";
  return state !== "ok" && value.gte(product(warnAt, kept)) ? "warned" : "ok";
}

/** Once for each breach, however long it lasts. */
function liquidation(
  { definition }: Limit,
  breachId: string | null,
  { assessed, nowMs }: Occasion,
): RiskEvent {
  const { limitId, kind, asset } = definition;
  const asked = assessed.positions.filter((one) => asset === null || one.asset === asset);
  const positions = asked.map((one) => ({ asset: one.asset, quantity: one.quantity }));
  return {
    type: "PositionLiquidationRequested",
    data: { limitId, kind, asset, breachId: breachId ?? limitId, positions },
    occurredAtMs: nowMs,
  };
}
