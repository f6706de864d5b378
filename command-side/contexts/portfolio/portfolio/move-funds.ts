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
import { fundsNaturalKey, matchKey, type NaturalKey } from "./natural-keys.ts";
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
  const repeated = answerRepeat(state, externalReference, fundsNaturalKey("deposit", data));
  if (repeated !== null) return repeated;
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
  const key = fundsNaturalKey("withdrawal", { ...data, unitCost: null });
  const repeated = answerRepeat(state, externalReference, key);
  if (repeated !== null) return repeated;
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

function answerRepeat(
  state: OpenState,
  externalReference: string,
  key: NaturalKey,
): Decision<PortfolioEvent> | null {
  const match = matchKey(state.knownKeys, key);
  if (match === "new") return null;
  if (match === "same") return accepted([], { duplicate: true });
  return refused(
    "EXTERNAL_REFERENCE_CONFLICT",
    `the external reference ${externalReference} is recorded with other content`,
    { externalReference },
  );
}
