// Generated from the Avro schemas by `cipherhorizon schemas generate`. Do not edit.
import type { Decimal } from "../../platform/kernel/decimal.ts";

/** Somebody has seen a breach. */
export interface BreachAcknowledged {
  /** The kind, and for one asset a colon and its code. */
  readonly limitId: string;
  readonly kind: string;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
  readonly breachId: string;
  readonly note: string | null;
}

/** A limit's value has reached it. */
export interface LimitBreached {
  /** The kind, and for one asset a colon and its code. */
  readonly limitId: string;
  readonly kind: string;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
  /** The state before: ok, warned or breached. */
  readonly from: string;
  /** What was measured; ratios stand as fractions. */
  readonly value: Decimal;
  readonly warnAt: Decimal | null;
  readonly limit: Decimal;
  /** alert, block_new, reduce_only or close. */
  readonly action: string;
  /** The breach that begins, goes on or ends with this transition. */
  readonly breachId: string | null;
  /** assessment, limit_set or reset. */
  readonly cause: string;
  readonly asOfMs: number;
}

/** A limit's value is below its warning again. */
export interface LimitCleared {
  /** The kind, and for one asset a colon and its code. */
  readonly limitId: string;
  readonly kind: string;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
  /** The state before: ok, warned or breached. */
  readonly from: string;
  /** What was measured; ratios stand as fractions. */
  readonly value: Decimal;
  readonly warnAt: Decimal | null;
  readonly limit: Decimal;
  /** alert, block_new, reduce_only or close. */
  readonly action: string;
  /** The breach that begins, goes on or ends with this transition. */
  readonly breachId: string | null;
  /** assessment, limit_set or reset. */
  readonly cause: string;
  readonly asOfMs: number;
}

/** A limit's value has come near it, or has fallen from above it to near it. */
export interface LimitWarned {
  /** The kind, and for one asset a colon and its code. */
  readonly limitId: string;
  readonly kind: string;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
  /** The state before: ok, warned or breached. */
  readonly from: string;
  /** What was measured; ratios stand as fractions. */
  readonly value: Decimal;
  readonly warnAt: Decimal | null;
  readonly limit: Decimal;
  /** alert, block_new, reduce_only or close. */
  readonly action: string;
  /** The breach that begins, goes on or ends with this transition. */
  readonly breachId: string | null;
  /** assessment, limit_set or reset. */
  readonly cause: string;
  readonly asOfMs: number;
}

/** A pre-trade check refused an order. */
export interface OrderDenied {
  readonly instrumentId: string;
  readonly side: string;
  readonly quantity: Decimal;
  readonly price: Decimal;
  readonly codes: readonly string[];
}

export interface PositionToClose {
  readonly asset: string;
  readonly quantity: Decimal;
}

/** A breach asks for the positions to be closed; once for each breach. */
export interface PositionLiquidationRequested {
  /** The kind, and for one asset a colon and its code. */
  readonly limitId: string;
  readonly kind: string;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
  readonly breachId: string;
  readonly positions: readonly PositionToClose[];
}

/** One asset that is held, beside the base currency. */
export interface AssessedPosition {
  readonly asset: string;
  readonly quantity: Decimal;
  /** Of one unit in the base currency; null: no price is known. */
  readonly price: Decimal | null;
  readonly priceAtMs: number | null;
  /** null: made of the prices of two. */
  readonly instrumentId: string | null;
  readonly value: Decimal | null;
  /** Of the gross exposure. */
  readonly share: number;
}

/** Net inflow of one asset that NAV counts already. */
export interface FlowSeen {
  readonly asset: string;
  readonly net: Decimal;
}

/** A UTC day that this assessment is the first after. */
export interface ClosedDay {
  readonly dayMs: number;
  readonly nav: number;
}

/** Losses of one day as fractions of the equity, positive. */
export interface TailRisk {
  readonly confidence: number;
  readonly historicalVar: number;
  readonly historicalShortfall: number;
  readonly parametricVar: number;
  readonly parametricVarZeroMean: number;
  readonly parametricShortfall: number;
}

/** What was measured against one limit. */
export interface LimitValue {
  readonly limitId: string;
  /** null: it cannot be measured. */
  readonly value: Decimal | null;
  /** value / limit */
  readonly usage: number | null;
}

/** What a portfolio is worth and how much of it is at risk, with the prices it was measured by. */
export interface RiskAssessed {
  /** portfolio, minute or import. */
  readonly trigger: string;
  /** The portfolio's newest event that is in it. */
  readonly portfolioSequence: number;
  /** Opening time of the newest minute that was assessed. */
  readonly minuteMs: number | null;
  /** Never falls within a risk book. */
  readonly asOfMs: number;
  readonly baseCurrency: string;
  /** Cash and priced positions in the base currency. */
  readonly equity: Decimal;
  /** What is held of the base currency. */
  readonly cash: Decimal;
  readonly grossExposure: Decimal;
  readonly netExposure: Decimal;
  readonly positions: readonly AssessedPosition[];
  /** Every position has a price; else NAV, drawdown and returns stand still. */
  readonly complete: boolean;
  /** Net inflow since the last complete assessment, at the prices of this one. */
  readonly flow: Decimal;
  readonly flows: readonly FlowSeen[];
  /** Units the portfolio is divided into; flows change them, prices do not. */
  readonly units: number;
  /** Equity per unit; 1 at the beginning. */
  readonly nav: number;
  readonly peakNav: number;
  readonly peakAtMs: number;
  /** 1 - nav / peakNav */
  readonly drawdown: number;
  readonly maxDrawdown: number;
  readonly maxDrawdownPeakAtMs: number;
  readonly maxDrawdownAtMs: number;
  /** The NAV that the UTC day of asOfMs began with. */
  readonly dayOpenNav: number;
  readonly closedDay: ClosedDay | null;
  /** Gross exposure / equity; null: insolvent. */
  readonly leverage: number | null;
  /** The largest position's share of the gross exposure; null: no position. */
  readonly concentration: number | null;
  /** Sum of the squared shares; null: no position. */
  readonly herfindahl: number | null;
  /** Daily returns that the rest is measured of. */
  readonly returns: number;
  /** Sample deviation of daily returns, annualised by the root of 365; null: fewer than 30. */
  readonly volatility: number | null;
  /** Empty with fewer than 30 returns. */
  readonly tails: readonly TailRisk[];
  readonly limits: readonly LimitValue[];
}

/** A limit holds no more. */
export interface RiskLimitRemoved {
  /** The kind, and for one asset a colon and its code. */
  readonly limitId: string;
  readonly kind: string;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
  /** The breach that ends with it. */
  readonly breachId: string | null;
  readonly reason: string;
}

/** The window that a limit measures begins anew. */
export interface RiskLimitReset {
  /** The kind, and for one asset a colon and its code. */
  readonly limitId: string;
  readonly kind: string;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
  readonly startMs: number;
  /** The NAV that the window begins with. */
  readonly nav: number;
  readonly reason: string;
  /** As measured by the last assessment; null: it cannot be. */
  readonly value: Decimal | null;
  /** value / limit */
  readonly usage: number | null;
  /** Of that assessment; null: there was none. */
  readonly asOfMs: number | null;
}

/** A limit holds from here on, in place of one of the same kind and asset. */
export interface RiskLimitSet {
  /** The kind, and for one asset a colon and its code. */
  readonly limitId: string;
  readonly kind: string;
  /** null: of the whole portfolio. */
  readonly asset: string | null;
  readonly warnAt: Decimal | null;
  readonly limit: Decimal;
  /** alert, block_new, reduce_only or close. */
  readonly action: string;
  /** A state is left only when the value is below its threshold by this fraction. */
  readonly hysteresis: Decimal;
  /** As measured by the last assessment; null: it cannot be. */
  readonly value: Decimal | null;
  /** value / limit */
  readonly usage: number | null;
  /** Of that assessment; null: there was none. */
  readonly asOfMs: number | null;
}

/** What orders are let through from here on. */
export interface TradingStateChanged {
  readonly from: string;
  /** active, reducing or halted. */
  readonly to: string;
  readonly reason: string;
}

/** Every event of the context. */
export type RiskEvent =
  | { readonly type: "BreachAcknowledged"; readonly data: BreachAcknowledged; readonly occurredAtMs: number }
  | { readonly type: "LimitBreached"; readonly data: LimitBreached; readonly occurredAtMs: number }
  | { readonly type: "LimitCleared"; readonly data: LimitCleared; readonly occurredAtMs: number }
  | { readonly type: "LimitWarned"; readonly data: LimitWarned; readonly occurredAtMs: number }
  | { readonly type: "OrderDenied"; readonly data: OrderDenied; readonly occurredAtMs: number }
  | { readonly type: "PositionLiquidationRequested"; readonly data: PositionLiquidationRequested; readonly occurredAtMs: number }
  | { readonly type: "RiskAssessed"; readonly data: RiskAssessed; readonly occurredAtMs: number }
  | { readonly type: "RiskLimitRemoved"; readonly data: RiskLimitRemoved; readonly occurredAtMs: number }
  | { readonly type: "RiskLimitReset"; readonly data: RiskLimitReset; readonly occurredAtMs: number }
  | { readonly type: "RiskLimitSet"; readonly data: RiskLimitSet; readonly occurredAtMs: number }
  | { readonly type: "TradingStateChanged"; readonly data: TradingStateChanged; readonly occurredAtMs: number };
