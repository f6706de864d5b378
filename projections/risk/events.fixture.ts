import { decimal } from "../../platform/kernel/decimal.ts";
import type {
  AssessedPosition,
  LimitBreached,
  RiskAssessed,
  RiskEvent,
} from "../../schemas/generated/risk.ts";

export const TIME_MS = 1_723_161_255_342;
export const AS_OF_MS = TIME_MS - 42;
export const MINUTE_MS = 1_723_161_240_000;

/** Every event of the context once, by its type. */
type EventsByType = { readonly [T in RiskEvent["type"]]: Extract<RiskEvent, { type: T }> };

export const priced: AssessedPosition = {
  asset: "BTC",
  quantity: decimal("0.50"),
  price: decimal("60000"),
  priceAtMs: MINUTE_MS,
  instrumentId: "binance:BTC-USDT",
  value: decimal("30000"),
  share: 1,
};

/** What is held of an asset that no price is known of. */
const unpriced: AssessedPosition = {
  ...{ asset: "XYZ", quantity: decimal("7"), share: 0 },
  ...{ price: null, priceAtMs: null, instrumentId: null, value: null },
};

export const assessment: RiskAssessed = {
  trigger: "minute",
  portfolioSequence: 9,
  minuteMs: MINUTE_MS,
  asOfMs: AS_OF_MS,
  baseCurrency: "USDT",
  equity: decimal("90000.50"),
  cash: decimal("60000.50"),
  grossExposure: decimal("30000"),
  netExposure: decimal("30000"),
  positions: [priced, unpriced],
  complete: false,
  flow: decimal("0"),
  flows: [],
  units: 100_000,
  nav: 0.900005,
  peakNav: 1,
  peakAtMs: AS_OF_MS - 60_000,
  drawdown: 0.099995,
  maxDrawdown: 0.2,
  maxDrawdownPeakAtMs: AS_OF_MS - 120_000,
  maxDrawdownAtMs: AS_OF_MS - 90_000,
  dayOpenNav: 1,
  closedDay: null,
  leverage: 0.333,
  concentration: 1,
  herfindahl: 1,
  returns: 31,
  volatility: 0.4,
  tails: [
    {
      confidence: 0.95,
      historicalVar: 0.05,
      historicalShortfall: 0.07,
      parametricVar: 0.04,
      parametricVarZeroMean: 0.045,
      parametricShortfall: 0.06,
    },
  ],
  limits: [
    { limitId: "drawdown", value: decimal("0.099995"), usage: 0.499975 },
    { limitId: "volatility", value: null, usage: null },
  ],
};

const limitName = { limitId: "drawdown", kind: "drawdown", asset: null } as const;
/** As the last assessment measured it. */
const measured = { value: decimal("0.099995"), usage: 0.499975, asOfMs: AS_OF_MS } as const;
const bounds = { warnAt: decimal("0.1"), limit: decimal("0.20"), action: "reduce_only" } as const;

/** A transition of the limit, out of `from`, at a value. */
export function transition(from: string, value: string, breachId: string | null): LimitBreached {
  const occasion = { value: decimal(value), cause: "assessment", asOfMs: AS_OF_MS };
  return { ...limitName, ...bounds, from, breachId, ...occasion };
}

export const EVENTS: EventsByType = {
  RiskLimitSet: {
    type: "RiskLimitSet",
    data: { ...limitName, ...bounds, hysteresis: decimal("0.05"), ...measured },
    occurredAtMs: TIME_MS,
  },
  RiskAssessed: { type: "RiskAssessed", data: assessment, occurredAtMs: TIME_MS },
  LimitWarned: {
    type: "LimitWarned",
    data: transition("ok", "0.15", null),
    occurredAtMs: TIME_MS,
  },
  LimitBreached: {
    type: "LimitBreached",
    data: transition("warned", "0.25", "drawdown#1"),
    occurredAtMs: TIME_MS,
  },
  PositionLiquidationRequested: {
    type: "PositionLiquidationRequested",
    data: { ...limitName, breachId: "drawdown#1", positions: [] },
    occurredAtMs: TIME_MS,
  },
  BreachAcknowledged: {
    type: "BreachAcknowledged",
    data: { ...limitName, breachId: "drawdown#1", note: "seen" },
    occurredAtMs: TIME_MS,
  },
  TradingStateChanged: {
    type: "TradingStateChanged",
    data: { from: "active", to: "reducing", reason: "limit breached" },
    occurredAtMs: TIME_MS,
  },
  OrderDenied: {
    type: "OrderDenied",
    data: {
      ...{ instrumentId: "binance:BTC-USDT", side: "buy", codes: ["TRADING_STATE_REDUCING"] },
      ...{ quantity: decimal("1"), price: decimal("60000") },
    },
    occurredAtMs: TIME_MS,
  },
  LimitCleared: {
    type: "LimitCleared",
    data: transition("breached", "0.05", "drawdown#1"),
    occurredAtMs: TIME_MS,
  },
  RiskLimitReset: {
    type: "RiskLimitReset",
    data: { ...limitName, startMs: TIME_MS, nav: 0.9, reason: "new month", ...measured },
    occurredAtMs: TIME_MS,
  },
  RiskLimitRemoved: {
    type: "RiskLimitRemoved",
    data: { ...limitName, breachId: null, reason: "done" },
    occurredAtMs: TIME_MS,
  },
};
