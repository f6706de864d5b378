import { at, type Call } from "./call.ts";
import { decimal, list, number, optional, shape, text } from "./shape.ts";

const tail = shape({
  confidence: number,
  historicalVarAmount: decimal,
  historicalShortfallAmount: decimal,
});

/** At the latest tick. */
const now = shape({ equity: decimal, grossExposure: decimal, netExposure: decimal });

/** Money is decimal text, ratios are numbers; a measure without enough data is null. */
const risk = shape({
  assessedAt: optional(text),
  baseCurrency: optional(text),
  leverage: optional(number),
  concentration: optional(number),
  drawdown: optional(number),
  maxDrawdown: optional(number),
  volatility: optional(number),
  tails: optional(list(tail)),
  now: optional(now),
});

const limit = shape({
  kind: text,
  scope: optional(text),
  warnAt: optional(decimal),
  limit: decimal,
  value: optional(decimal),
  state: text,
  action: optional(text),
});

export type Risk = ReturnType<typeof risk>;
export type RiskLimit = ReturnType<typeof limit>;

export function getRisk(id: string): Call<Risk> {
  return { ...at`/v1/portfolios/${id}/risk`, read: risk };
}

export function listRiskLimits(id: string): Call<readonly RiskLimit[]> {
  return { ...at`/v1/portfolios/${id}/risk/limits`, read: list(limit) };
}
