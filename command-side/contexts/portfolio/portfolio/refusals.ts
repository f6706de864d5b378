import { type Catalogue, refusal } from "../../../../platform/errors/catalogue.ts";

const EXIT_CODE_CONFLICT = 5;

export const refusals = {
  PORTFOLIO_NOT_OPEN: refusal("Portfolio not open", "No portfolio was opened under this id."),
  PORTFOLIO_ALREADY_OPEN: {
    ...refusal("Portfolio already open", "A portfolio was opened under this id before."),
    exitCode: EXIT_CODE_CONFLICT,
  },
  PORTFOLIO_OF_ANOTHER: refusal(
    "Portfolio of another",
    "A trader opens portfolios of its own; an operator opens them for anyone.",
  ),
  PORTFOLIO_CLOSED: refusal("Portfolio closed", "A closed portfolio takes nothing new."),
  INSUFFICIENT_FUNDS: refusal(
    "Insufficient funds",
    "The base currency held does not cover the amount, cost and fee.",
  ),
  INSUFFICIENT_HOLDING: refusal(
    "Insufficient holding",
    "Less of the asset is held than is to be given up; there are no short positions.",
  ),
  TRADE_ID_CONFLICT: {
    ...refusal("Trade id conflict", "The trade id is recorded with other content."),
    exitCode: EXIT_CODE_CONFLICT,
  },
  EXTERNAL_REFERENCE_CONFLICT: {
    ...refusal("External reference conflict", "The reference is recorded with other content."),
    exitCode: EXIT_CODE_CONFLICT,
  },
  UNIT_COST_OF_BASE_CURRENCY: refusal(
    "Unit cost of the base currency",
    "The base currency always costs 1; a deposit of it has no other cost.",
  ),
  FEE_TOO_LARGE: refusal(
    "Fee too large",
    "The fee leaves nothing of what was bought or sold, or a rebate is above the trade's amount.",
  ),
  AMOUNT_TOO_SMALL: refusal("Amount too small", "Price times quantity is 0 at 18 places."),
  AMOUNT_TOO_LARGE: refusal("Amount too large", "A resulting figure does not fit 38 digits."),
  TOO_MANY_LOTS: refusal("Too many open lots", "The asset has the most open lots there may be."),
  TOO_MANY_ASSETS: refusal("Too many assets", "The portfolio has the most assets there may be."),
  TRADE_UNKNOWN: refusal("Trade unknown", "No such trade is recorded in this portfolio."),
  REVERSAL_NOT_EXACT: refusal(
    "Reversal not exact",
    "A later movement rests on the trade; only when it is reversed can this one be.",
  ),
  REVERSAL_TOO_OLD: refusal(
    "Reversal too old",
    "Too many movements were recorded since; how to undo the trade is no longer known.",
  ),
  HOLDINGS_NOT_ZERO: refusal("Holdings not zero", "A portfolio is closed when it holds nothing."),
} satisfies Catalogue;
