import { type Catalogue, refusal } from "../../../../platform/errors/catalogue.ts";

export const refusals = {
  STRATEGY_EXISTS: refusal("Strategy exists", "A strategy is created once; revise it instead."),
  STRATEGY_NOT_FOUND: refusal(
    "Strategy not found",
    "There is no such strategy that the caller may read.",
  ),
  STRATEGY_ARCHIVED: refusal("Strategy archived", "An archived strategy stays as it is."),
  STRATEGY_NOT_ACTIVE: refusal("Strategy not active", "Only an active strategy can be paused."),
  STRATEGY_INCOMPLETE: refusal(
    "Strategy incomplete",
    "To be active a strategy needs listed instruments, an interval and a portfolio with a limit.",
  ),
  STRATEGY_CHANGED: refusal(
    "Strategy changed meanwhile",
    "The strategy was revised while this was checked; send it again.",
  ),
} satisfies Catalogue;
