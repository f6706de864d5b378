import { type Decimal, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { HoldingAfter } from "./events.ts";
import { type LotLeft, NO_LOT } from "./lots.ts";

/**
 * What is held of one asset. Never changed, only replaced. The base currency is cash: its cost is
 * its quantity, and it has no lots.
 */
export interface Holding {
  readonly asset: string;
  readonly quantity: Decimal;
  /** Cost basis in the base currency by the portfolio's method, fees included. */
  readonly cost: Decimal;
  /** The same without fees. */
  readonly grossCost: Decimal;
  readonly realisedNet: Decimal;
  readonly realisedGross: Decimal;
  readonly oldestLot: LotLeft;
  /** Lots without a known basis that came in since the holding was last zero. */
  readonly assumedLots: number;
}

export function emptyHolding(asset: string): Holding {
  return {
    asset,
    quantity: ZERO,
    cost: ZERO,
    grossCost: ZERO,
    realisedNet: ZERO,
    realisedGross: ZERO,
    oldestLot: NO_LOT,
    assumedLots: 0,
  };
}

/** The holding as events carry it. */
export function holdingAfter(holding: Holding): HoldingAfter {
  const { asset, quantity, cost, grossCost, realisedNet, realisedGross, oldestLot } = holding;
  return {
    asset,
    quantity,
    cost,
    grossCost,
    realisedNet,
    realisedGross,
    firstOpenLot: oldestLot.lot,
    firstOpenLotQuantity: oldestLot.quantity,
    firstOpenLotCost: oldestLot.cost,
    firstOpenLotGrossCost: oldestLot.grossCost,
    basisAssumed: holding.assumedLots > 0,
  };
}

/** The holding as an event left it. */
export function holdingFrom(after: HoldingAfter, assumedLots: number): Holding {
  const { asset, quantity, cost, grossCost, realisedNet, realisedGross } = after;
  const oldestLot = {
    lot: after.firstOpenLot,
    quantity: after.firstOpenLotQuantity,
    cost: after.firstOpenLotCost,
    grossCost: after.firstOpenLotGrossCost,
  };
  return {
    asset,
    quantity,
    cost,
    grossCost,
    realisedNet,
    realisedGross,
    oldestLot,
    assumedLots,
  };
}
