/** Undoes a trade where the portfolio is afterwards as if it had never been recorded. */
import { decimalText } from "../../../../platform/kernel/decimal.ts";
import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { ReverseTrade } from "./commands.ts";
import { type Draft, figuresOf, openDraft } from "./draft.ts";
import type { LotKey, PortfolioEvent } from "./events.ts";
import type { Holding } from "./holding.ts";
import { postReversed } from "./ledger.ts";
import { type LotLeft, NO_LOT, oldestBeside } from "./lots.ts";
import {
  findTrade,
  type Leg,
  laterMovements,
  type Movement,
  type TradeMovement,
} from "./movements.ts";
import { isReversed, tradeKey } from "./natural-keys.ts";
import { holdingOf, lotsOf, type OpenState } from "./open-state.ts";
import { refuseUnrecordable } from "./recordable.ts";
import type { Refused } from "./shortfall.ts";

export function reverseTrade(
  state: OpenState,
  { data }: ReverseTrade,
  { nowMs }: DecisionContext,
): Decision<PortfolioEvent> {
  const { instrumentId, tradeId } = data;
  const known = state.knownKeys.get(tradeKey(data));
  if (known === undefined) {
    const detail = `no trade ${tradeId} of ${instrumentId} is recorded`;
    return refused("TRADE_UNKNOWN", detail, { instrumentId, tradeId });
  }
  if (isReversed(known)) return accepted([], { duplicate: true });
  const movement = findTrade(state.movements, data);
  if (movement === null) {
    const detail = `how to undo trade ${tradeId} of ${instrumentId} is no longer known`;
    return refused("REVERSAL_TOO_OLD", detail, { instrumentId, tradeId });
  }
  const refusal = refuseInexact(state, movement) ?? refuseUncovered(state, movement);
  if (refusal !== null) return refusal;
  return undo(state, movement, { ...data, nowMs });
}

/** What stands against an exact reversal is named, the newest first: it must go first. */
function refuseInexact(state: OpenState, movement: TradeMovement): Refused | null {
  const blocking = laterMovements(state.movements, movement).find((later) => {
    return [...movement.legs].some(([asset, leg]) => {
      const laterLeg = later.legs.get(asset);
      return laterLeg !== undefined && restsOn(state, leg, laterLeg);
    });
  });
  if (blocking === undefined) return null;
  const { detail, facts } = describe(blocking);
  return refused("REVERSAL_NOT_EXACT", `${detail} trade ${movement.tradeId}`, facts);
}

/**
 * Cash is exact always. What was given up can come back only in front of everything later. What
 * was acquired can go while its lot is whole and, at average cost, nothing was given up since.
 */
function restsOn(state: OpenState, leg: Leg, later: Leg): boolean {
  if (leg.kind === "cash") return false;
  if (leg.kind === "given up") return true;
  if (later.kind !== "given up") return false;
  if (state.costMethod === "average") return true;
  const oldest = later.after.oldestLot.lot;
  return leg.opened.some((lot) => oldest === 0 || lot < oldest || isBroken(later, lot));
}

function isBroken({ after, before }: Leg, lot: number): boolean {
  return after.oldestLot.lot === lot && !after.oldestLot.quantity.eq(before.oldestLot.quantity);
}
