import type { TradingState } from "./commands.ts";
import type { RiskAssessed, RiskEvent, RiskLimitSet } from "./events.ts";

/** Rises when the state or `evolve` change. */
export const STATE_VERSION = 1;
/** Daily closes that measures are made of: a year's returns and the close before them. */
const CLOSES_KEPT = 366;

export interface RiskBook {
  tradingState: TradingState;
  /** By limit id, in the order of their setting. */
  readonly limits: Map<string, Limit>;
  /** The last assessment; null before the first. */
  assessed: RiskAssessed | null;
  /** NAV at the end of UTC days, oldest first. */
  readonly closes: number[];
}

export type LimitState = "ok" | "warned" | "breached";

export type LimitDefinition = Omit<RiskLimitSet, "value" | "usage" | "asOfMs">;

export interface Limit {
  definition: LimitDefinition;
  state: LimitState;
  /** Of the breach under way. */
  breachId: string | null;
  acknowledged: boolean;
  /** Ever; numbers the breaches. */
  breaches: number;
  /** Where its window begins since a reset; null: with the book, or with the day. */
  window: { readonly startMs: number; nav: number } | null;
}

export function initialState(): RiskBook {
  return { tradingState: "active", limits: new Map(), assessed: null, closes: [] };
}

export function evolve(state: RiskBook, event: RiskEvent): RiskBook {
  switch (event.type) {
    case "RiskAssessed":
      assess(state, event.data);
      break;
    case "RiskLimitSet":
      setLimit(state, definitionOf(event.data));
      break;
    case "RiskLimitRemoved":
      state.limits.delete(event.data.limitId);
      break;
    case "TradingStateChanged":
      state.tradingState = event.data.to as TradingState;
      break;
    case "OrderDenied":
    case "PositionLiquidationRequested":
      break;
    default:
      evolveLimit(limitOf(state, event.data.limitId), event);
  }
  return state;
}

/** Of a limit as it is set for the first time: nothing was measured against it yet. */
export function newLimit(definition: LimitDefinition): Limit {
  const unmeasured = { breachId: null, acknowledged: false, breaches: 0, window: null };
  return { definition, state: "ok", ...unmeasured };
}

/** Of a limit that an event names: it was set before. */
function limitOf({ limits }: RiskBook, limitId: string): Limit {
  const limit = limits.get(limitId);
  if (limit === undefined) throw new RangeError(`no limit ${limitId} is set`);
  return limit;
}

function assess(state: RiskBook, data: RiskAssessed): void {
  state.assessed = data;
  if (data.closedDay !== null) {
    state.closes.push(data.closedDay.nav);
    if (state.closes.length > CLOSES_KEPT) state.closes.shift();
  }
  for (const { definition, window } of state.limits.values()) {
    if (window !== null && definition.kind === "drawdown") {
      window.nav = Math.max(window.nav, data.nav);
    }
  }
}

function definitionOf(set: RiskLimitSet): LimitDefinition {
  const { limitId, kind, asset, warnAt, limit, action, hysteresis } = set;
  return { limitId, kind, asset, warnAt, limit, action, hysteresis };
}

function setLimit({ limits }: RiskBook, definition: LimitDefinition): void {
  const known = limits.get(definition.limitId);
  if (known !== undefined) {
    known.definition = definition;
    return;
  }
  limits.set(definition.limitId, newLimit(definition));
}

function evolveLimit(
  limit: Limit,
  event: Extract<
    RiskEvent,
    {
      type:
        | "LimitWarned"
        | "LimitBreached"
        | "LimitCleared"
        | "BreachAcknowledged"
        | "RiskLimitReset";
    }
  >,
): void {
  switch (event.type) {
    case "BreachAcknowledged":
      limit.acknowledged = true;
      return;
    case "RiskLimitReset":
      limit.window = { startMs: event.data.startMs, nav: event.data.nav };
      return;
    case "LimitBreached":
      Object.assign(limit, { state: "breached", breachId: event.data.breachId });
      limit.breaches += 1;
      return;
    default:
      limit.state = event.type === "LimitWarned" ? "warned" : "ok";
      Object.assign(limit, { breachId: null, acknowledged: false });
  }
}
