import {
  accepted,
  type Decider,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import { decimalText } from "../../../../platform/kernel/decimal.ts";
import type { ClosePortfolio, OpenPortfolio, PortfolioCommand } from "./commands.ts";
import type { PortfolioEvent } from "./events.ts";
import { depositFunds, withdrawFunds } from "./move-funds.ts";
import type { OpenState } from "./open-state.ts";
import { recordTrade } from "./record-trade.ts";
import { answerRepeat } from "./repeats.ts";
import { reverseTrade } from "./reverse-trade.ts";
import { evolve, initialState, type PortfolioState } from "./state.ts";

type Decided = Decision<PortfolioEvent>;

export const decider: Decider<PortfolioState, PortfolioCommand, PortfolioEvent> = {
  initialState,
  evolve,
  decide(state, command, context) {
    if (state.status !== "not opened") {
      const repeated = answerRepeat(state.knownKeys, command);
      if (repeated !== null) return repeated;
    }
    if (state.status === "closed") return refused("PORTFOLIO_CLOSED", "the portfolio is closed");
    if (command.type === "OpenPortfolio") return openPortfolio(state, command, context);
    if (state.status === "open") return decideOpen(state, command, context);
    return refused("PORTFOLIO_NOT_OPEN", `no portfolio ${context.aggregateId} was opened`);
  },
};

function decideOpen(
  state: OpenState,
  command: Exclude<PortfolioCommand, OpenPortfolio>,
  context: DecisionContext,
): Decided {
  switch (command.type) {
    case "DepositFunds":
      return depositFunds(state, command, context);
    case "WithdrawFunds":
      return withdrawFunds(state, command, context);
    case "RecordTrade":
      return recordTrade(state, command);
    case "ReverseTrade":
      return reverseTrade(state, command, context);
    case "ClosePortfolio":
      return closePortfolio(state, command, context);
  }
}

function openPortfolio(
  state: PortfolioState,
  { data }: OpenPortfolio,
  { nowMs, aggregateId, actor, authority }: DecisionContext,
): Decided {
  if (state.status === "open") {
    return refused("PORTFOLIO_ALREADY_OPEN", `the portfolio ${aggregateId} is open already`);
  }
  const owner = data.owner ?? (authority === "own" ? actor : null);
  if (authority === "own" && owner !== actor) {
    const detail = `you open portfolios for yourself; leave the owner out, or name ${actor}`;
    return refused("PORTFOLIO_OF_ANOTHER", detail);
  }
  return accepted([{ type: "PortfolioOpened", data: { ...data, owner }, occurredAtMs: nowMs }]);
}

function closePortfolio(
  state: OpenState,
  { data }: ClosePortfolio,
  { nowMs }: DecisionContext,
): Decided {
  const left = [...state.holdings.values()].filter(({ quantity }) => !quantity.isZero());
  const [first] = left;
  if (first) {
    const { asset } = first;
    const quantity = decimalText(first.quantity);
    const detail = `${quantity} ${asset} are held, ${left.length} assets in all; take them out first`;
    return refused("HOLDINGS_NOT_ZERO", detail, { asset, quantity, assets: left.length });
  }
  return accepted([{ type: "PortfolioClosed", data, occurredAtMs: nowMs }]);
}
