import { z } from "zod";
import { decimal, decimalText, fromRatio, product } from "../../platform/kernel/decimal.ts";
import { FEWEST_RETURNS } from "../../platform/risk/returns.ts";
import type { Assessment, RiskLimit, RiskSummary, TailRisk } from "../../projections/risk/store.ts";
import { rowJson, shown } from "../reading/row-json.ts";
import type { Valuation } from "./valuation.ts";

const { decimal: money, time, text, count } = shown;
const ratio = z.number();

/** Which of several usual definitions each figure follows. */
const CONVENTIONS = {
  exposure: "positions beside the base currency at the prices of the assessment; now: latest tick",
  leverage: "gross exposure / equity; null when the equity is not above zero",
  concentration: "the largest position's share of the gross exposure; herfindahl: sum of squares",
  nav: "equity per unit; deposits and withdrawals change the units; 1 at the first deposit",
  drawdown: "1 - NAV / peak NAV; the peak begins with the starting balance",
  returns: "simple returns of NAV between the last assessments of UTC days",
  volatility: "sample standard deviation of daily returns times the root of 365",
  historical: "losses positive; the k-th worst of n returns, k = ceil((1 - c) n), not interpolated",
  shortfall: "mean of the k worst returns, as a loss",
  parametric: "normal returns: z s - m, with zero mean z s; horizon one day",
} as const;

export const position = z.object({
  asset: text,
  quantity: money,
  price: money.nullable(),
  priceAt: time.nullable(),
  instrumentId: text.nullable(),
  value: money.nullable(),
  share: ratio,
});

const tail = z.object({
  confidence: ratio,
  historicalVar: ratio,
  historicalShortfall: ratio,
  parametricVar: ratio,
  parametricVarZeroMean: ratio,
  parametricShortfall: ratio,
  historicalVarAmount: money,
  historicalShortfallAmount: money,
  parametricVarAmount: money,
});

/** What is worth so much at the latest tick; no measure that needs a history. */
const now = z.object({
  equity: money,
  cash: money,
  grossExposure: money,
  netExposure: money,
  leverage: ratio.nullable(),
  /** False: a price is missing, and its position is not counted. */
  complete: z.boolean(),
  positions: z.array(position),
});

export const risk = z.object({
  tradingState: z.enum(["active", "reducing", "halted"]),
  version: count,
  assessedAt: time.nullable(),
  asOf: time.optional(),
  trigger: text.optional(),
  portfolioSequence: count.optional(),
  minuteAt: time.nullable().optional(),
  baseCurrency: text.optional(),
  equity: money.optional(),
  cash: money.optional(),
  grossExposure: money.optional(),
  netExposure: money.optional(),
  /** False: a price is missing, and NAV is that of before. */
  complete: z.boolean().optional(),
  nav: ratio.optional(),
  peakNav: ratio.optional(),
  peakAt: time.optional(),
  drawdown: ratio.optional(),
  maxDrawdown: ratio.optional(),
  leverage: ratio.nullable().optional(),
  concentration: ratio.nullable().optional(),
  herfindahl: ratio.nullable().optional(),
  returns: count.optional(),
  insufficientData: z.boolean().optional(),
  volatility: ratio.nullable().optional(),
  tails: z.array(tail).optional(),
  positions: z.array(position).optional(),
  /** Null: nothing of the portfolio is readable yet. */
  now: now.nullable(),
  conventions: z.record(z.string(), z.string()),
});

export const limit = z.object({
  portfolioId: text,
  limitId: text,
  kind: text,
  asset: text.nullable(),
  scope: text,
  warnAt: money.nullable(),
  limit: money,
  action: z.enum(["alert", "block_new", "reduce_only", "close"]),
  hysteresis: money,
  setAt: time,
  state: z.enum(["ok", "warned", "breached"]),
  breachId: text.nullable(),
  value: money.nullable(),
  usage: ratio.nullable(),
});

export const breach = z.object({
  breachId: text,
  sequence: count,
  limitId: text,
  kind: text,
  asset: text.nullable(),
  value: money,
  limit: money,
  action: text,
  breachedAt: time,
  endedAt: time.nullable(),
  how: z.enum(["cleared", "removed"]).nullable(),
  acknowledgedAt: time.nullable(),
  note: text.nullable(),
});

export function riskJson(summary: RiskSummary, valuation: Valuation | null) {
  const { tradingState, version, assessment } = summary;
  const assessed = assessment === null ? { assessedAt: null } : assessmentJson(assessment);
  const now = valuation === null ? null : valuationJson(valuation);
  return { tradingState, version, ...assessed, now, conventions: CONVENTIONS };
}

export function limitJson(found: RiskLimit) {
  return { ...rowJson(found), scope: found.asset ?? "portfolio" };
}

function assessmentJson(assessment: Assessment) {
  const { asOfMs, tails, positions, ...figures } = assessment;
  return {
    ...rowJson(figures),
    asOf: new Date(asOfMs).toISOString(),
    insufficientData: assessment.returns < FEWEST_RETURNS,
    tails: tails.map((one) => tailJson(one, assessment.equity)),
    positions: positions.map(rowJson),
  };
}

function valuationJson({ positions, ...worth }: Valuation) {
  return { ...rowJson(worth), positions: positions.map(rowJson) };
}

/** The fractions, and what the most asked of them are in money. */
function tailJson(tailRisk: TailRisk, equity: string) {
  const amount = (fraction: number) => {
    return decimalText(product(decimal(equity), fromRatio(fraction)));
  };
  return {
    ...tailRisk,
    historicalVarAmount: amount(tailRisk.historicalVar),
    historicalShortfallAmount: amount(tailRisk.historicalShortfall),
    parametricVarAmount: amount(tailRisk.parametricVar),
  };
}
