import { type Catalogue, refusal } from "../../../../platform/errors/catalogue.ts";

export const refusals = {
  RISK_PORTFOLIO_UNKNOWN: refusal("No such portfolio", "A risk book is of an open portfolio."),
  RISK_LIMIT_UNKNOWN: refusal("No such limit", "No limit of this kind and asset is set."),
  RISK_LIMITS_TOO_MANY: refusal("Too many limits", "A risk book holds a limited number of limits."),
  RISK_LIMIT_WITHOUT_WINDOW: refusal(
    "Limit without a window",
    "Only drawdown and daily loss are measured from a start that can be reset.",
  ),
  NO_OPEN_BREACH: refusal("No open breach", "The limit is not breached now."),
  ASSESSMENT_STALE: refusal(
    "Stale assessment",
    "A later state of the portfolio, or this minute, was assessed before.",
  ),
  RISK_VALUE_TOO_LARGE: refusal("Value too large", "A value would be beyond 38 digits."),
} satisfies Catalogue;
