import {
  accepted,
  type Decider,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import { assessRisk } from "./assess.ts";
import { changeLimit, setRiskLimit } from "./change-limits.ts";
import { checkOrder } from "./check-order.ts";
import type { RiskCommand, SetTradingState } from "./commands.ts";
import type { RiskEvent } from "./events.ts";
import type { RiskFacts } from "./facts.ts";
import { evolve, initialState, type RiskBook } from "./state.ts";

type Context = DecisionContext<RiskFacts>;

export const decider: Decider<RiskBook, RiskCommand, RiskEvent, Context> = {
  initialState,
  evolve,
  decide(state, command, context) {
    switch (command.type) {
      case "SetRiskLimit":
        return unlessUnknown(context) ?? setRiskLimit(state, command, context);
      case "RemoveRiskLimit":
      case "ResetLimit":
      case "AcknowledgeBreach":
        return changeLimit(state, command, context);
      case "SetTradingState":
        return unlessUnknown(context) ?? setTradingState(state, command, context);
      case "AssessRisk":
        return assessRisk(state, command.data, context);
      case "CheckOrder":
        return checkOrder(state, command, context);
    }
  },
};

/** A risk book is of a portfolio that is open. */
function unlessUnknown({ facts, aggregateId }: Context): Decision<RiskEvent> | null {
  if (facts.portfolio?.value?.isOpen === true) return null;
  return refused("RISK_PORTFOLIO_UNKNOWN", `there is no open portfolio ${aggregateId}`);
}

function setTradingState(
  state: RiskBook,
  { data }: SetTradingState,
  { nowMs }: Context,
): Decision<RiskEvent> {
  if (state.tradingState === data.state) return accepted([]);
  const changed = { from: state.tradingState, to: data.state, reason: data.reason };
  return accepted([{ type: "TradingStateChanged", data: changed, occurredAtMs: nowMs }]);
}
