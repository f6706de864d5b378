/** Undoes a trade where the portfolio is afterwards as if it had never been recorded. */

import { parseInstrumentId } from "../../../../platform/fields/spot-instrument.ts";
import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import { decimalText } from "../../../../platform/kernel/decimal.ts";
import type { ReverseTrade } from "./commands.ts";
import { type Draft, figuresOf, openDraft } from "./draft.ts";
import type { LotKey, PortfolioEvent, TradeReversed } from "./events.ts";
import type { Holding } from "./holding.ts";
import { postReversed } from "./ledger.ts";
import { type LotLeft, NO_LOT, oldestBeside } from "./lots.ts";
import { findTrade, type Leg, type TradeMovement } from "./movements.ts";
import { tradeKey } from "./natural-keys.ts";
import { holdingOf, lotsOf, type OpenState } from "./open-state.ts";
import { refuseUnrecordable } from "./recordable.ts";
import { refuseInexact } from "./reversal-rules.ts";
import type { Refused } from "./shortfall.ts";

export function reverseTrade(
  state: OpenState,
  { data }: ReverseTrade,
  { nowMs }: DecisionContext,
): Decision<PortfolioEvent> {
  const { instrumentId, tradeId } = data;
  if (!state.knownKeys.has(tradeKey(data))) {
    const detail = `no trade ${tradeId} of ${instrumentId} is recorded`;
    return refused("TRADE_UNKNOWN", detail, { instrumentId, tradeId });
  }
  const movement = findTrade(state.movements, data);
  if (movement === null) {
    const detail = `how to undo trade ${tradeId} of ${instrumentId} is no longer known`;
    return refused("REVERSAL_TOO_OLD", detail, { instrumentId, tradeId });
  }
  const inexact = refuseInexact(state, movement);
  if (inexact !== null) return inexact;
  const draft = openDraft(state, nowMs);
  const uncovered = undoHoldings(draft, movement);
  if (uncovered !== null) return uncovered;
  postReversed(draft.ledger, movement.postings);
  const unrecordable = refuseUnrecordable(draft, []);
  if (unrecordable !== null) return unrecordable;
  const event = tradeReversed(draft, movement, data);
  return accepted([{ type: "TradeReversed", data: event, occurredAtMs: nowMs }]);
}

/** Only the base currency can fall short: other assets are as the rules of reversal left them. */
function undoHoldings(draft: Draft, movement: TradeMovement): Refused | null {
  for (const [asset, leg] of movement.legs) {
    const current = holdingOf(draft.state, asset);
    const undone = holdingUndone(draft.state, current, leg);
    if (undone.quantity.isNegative()) {
      const required = decimalText(leg.after.quantity.minus(leg.before.quantity));
      const available = decimalText(current.quantity);
      const detail = `${required} ${asset} must go back, ${available} are available`;
      return refused("INSUFFICIENT_FUNDS", detail, { asset, required, available });
    }
    draft.holdings.set(asset, undone);
  }
  return null;
}

function holdingUndone(state: OpenState, current: Holding, leg: Leg): Holding {
  const { before, after } = leg;
  const quantity = current.quantity.minus(after.quantity).plus(before.quantity);
  const came = after.assumedLots - before.assumedLots;
  return {
    asset: current.asset,
    quantity,
    cost: current.cost.minus(after.cost).plus(before.cost),
    grossCost: current.grossCost.minus(after.grossCost).plus(before.grossCost),
    realisedNet: current.realisedNet.minus(after.realisedNet).plus(before.realisedNet),
    realisedGross: current.realisedGross.minus(after.realisedGross).plus(before.realisedGross),
    oldestLot: oldestUndone(state, current, leg),
    assumedLots: quantity.isZero() ? 0 : current.assumedLots - came,
  };
}

function oldestUndone(state: OpenState, current: Holding, leg: Leg): LotLeft {
  switch (leg.kind) {
    case "cash":
      return NO_LOT;
    case "given up":
      return leg.before.oldestLot;
    case "acquired": {
      const { asset, oldestLot } = current;
      const isRemoved = leg.opened.includes(oldestLot.lot);
      return isRemoved ? oldestBeside(lotsOf(state, asset), oldestLot.lot) : oldestLot;
    }
  }
}

function tradeReversed(
  draft: Draft,
  movement: TradeMovement,
  { reason }: ReverseTrade["data"],
): TradeReversed {
  const { instrumentId, tradeId, tradeNumber, realised, legs } = movement;
  return {
    instrumentId,
    exchange: parseInstrumentId(instrumentId).exchange,
    tradeId,
    tradeNumber,
    reason,
    realisedNet: realised.net.negated(),
    realisedGross: realised.gross.negated(),
    feeRealised: realised.fee.negated(),
    ...figuresOf(draft),
    lotsRemoved: [...legs].flatMap(([asset, { opened }]) => {
      return opened.map((lot): LotKey => ({ asset, lot }));
    }),
  };
}
