/** When undoing a trade is exact. */
import { refused } from "../../../../platform/kernel/decider.ts";
import { type Leg, laterMovements, type Movement, type TradeMovement } from "./movements.ts";
import type { OpenState } from "./open-state.ts";
import type { Refused } from "./shortfall.ts";

/** What rests on the trade is named, the newest first: that is what has to be undone first. */
export function refuseInexact(state: OpenState, movement: TradeMovement): Refused | null {
  const blocking = laterMovements(state.movements, movement).find((later) => {
    return [...movement.legs].some(([asset, leg]) => {
      const laterLeg = later.legs.get(asset);
      return laterLeg !== undefined && restsOn(state, leg, laterLeg);
    });
  });
  if (blocking === undefined) return null;
  const { detail, facts } = describe(blocking);
  return refused("REVERSAL_NOT_EXACT", detail, facts);
}

/**
 * Cash can always be undone exactly. What was given up can come back only where nothing of the
 * asset moved since. What was acquired can go while its lot is whole and, at average cost, nothing
 * of the asset was given up since.
 */
function restsOn(state: OpenState, leg: Leg, later: Leg): boolean {
  if (leg.kind === "cash") return false;
  if (leg.kind === "given up") return true;
  if (later.kind !== "given up") return false;
  return state.costMethod === "average" || leg.opened.some((lot) => tookFrom(later, leg, lot));
}

/** True when giving up (`later`) reached into the one lot that `leg` had opened. */
function tookFrom(later: Leg, leg: Leg, lot: number): boolean {
  const { oldestLot } = later.after;
  if (oldestLot.lot === 0 || oldestLot.lot > lot) return true;
  const wholeQuantity = leg.after.quantity.minus(leg.before.quantity);
  return oldestLot.lot === lot && oldestLot.quantity.lt(wholeQuantity);
}

function describe(blocking: Movement): { detail: string; facts: Record<string, string> } {
  if (blocking.type === "trade") {
    const { instrumentId, tradeId } = blocking;
    const detail = `trade ${tradeId} of ${instrumentId} came after it; reverse that one first`;
    return { detail, facts: { blockingInstrumentId: instrumentId, blockingTradeId: tradeId } };
  }
  const { type, externalReference } = blocking;
  const detail = `the ${type} ${externalReference} came after it, and that cannot be undone`;
  return { detail, facts: { blockingType: type, blockingReference: externalReference } };
}
