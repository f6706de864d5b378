import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import { decimalText, product, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { DepositFunds, WithdrawFunds } from "./commands.ts";
import { acquire, figuresOf, giveUp, openDraft } from "./draft.ts";
import type { PortfolioEvent } from "./events.ts";
import { transfer } from "./ledger.ts";
import type { OpenState } from "./open-state.ts";
import { refuseUnrecordable } from "./recordable.ts";
import { cover } from "./shortfall.ts";

/** An asset comes in. Without a cost, the basis of any but the base currency is assumed to be 0. */
export function depositFunds(
  state: OpenState,
  { data }: DepositFunds,
  { nowMs }: DecisionContext,
): Decision<PortfolioEvent> {
  const { asset, amount, unitCost, externalReference } = data;
  const isBaseCurrency = asset === state.baseCurrency;
  if (isBaseCurrency && unitCost !== null && !unitCost.eq(1)) {
    const given = decimalText(unitCost);
    return refused(
      "UNIT_COST_OF_BASE_CURRENCY",
      `${asset} is the base currency, its unit cost is 1 and not ${given}; leave it out`,
      { asset, unitCost: given },
    );
  }
  const occurredAtMs = data.occurredAt ?? nowMs;
  const draft = openDraft(state, occurredAtMs);
  const basisAssumed = !isBaseCurrency && unitCost === null;
  const cost = unitCost === null ? ZERO : product(unitCost, amount);
  acquire(draft, asset, { quantity: amount, cost, grossCost: cost, assumed: basisAssumed });
  transfer(draft.ledger, { asset, amount, from: "deposits", to: "held" });
  const unrecordable = refuseUnrecordable(draft, []);
  if (unrecordable !== null) return unrecordable;
  const figures = figuresOf(draft);
  const deposited = { asset, amount, unitCost, externalReference, basisAssumed, ...figures };
  return accepted([{ type: "FundsDeposited", data: deposited, occurredAtMs }]);
}

/** An asset goes out with its basis; nothing is realised. */
export function withdrawFunds(
  state: OpenState,
  { data }: WithdrawFunds,
  { nowMs }: DecisionContext,
): Decision<PortfolioEvent> {
  const { asset, amount, externalReference } = data;
  const occurredAtMs = data.occurredAt ?? nowMs;
  const draft = openDraft(state, occurredAtMs);
  const covered = cover(draft, { asset, quantity: amount }, "refuse");
  if (covered.outcome === "refused") return covered;
  giveUp(draft, asset, amount);
  transfer(draft.ledger, { asset, amount, from: "held", to: "deposits" });
  const unrecordable = refuseUnrecordable(draft, []);
  if (unrecordable !== null) return unrecordable;
  const withdrawn = { asset, amount, externalReference, ...figuresOf(draft) };
  return accepted([{ type: "FundsWithdrawn", data: withdrawn, occurredAtMs }]);
}
