import { type Decimal, share, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { CostMethod } from "./events.ts";
import type { Holding } from "./holding.ts";
import type { LotsTaken } from "./lots.ts";

/** A basis in the base currency. */
export interface Basis {
  /** Fees included. */
  readonly cost: Decimal;
  /** By the price alone. */
  readonly grossCost: Decimal;
  /** Some of it is not known and was taken as 0. */
  readonly assumed: boolean;
}

export const NO_BASIS: Basis = { cost: ZERO, grossCost: ZERO, assumed: false };
export const ASSUMED_BASIS: Basis = { cost: ZERO, grossCost: ZERO, assumed: true };

/**
 * The basis of a quantity given up. FIFO: that of the lots taken. Average cost: the
 * quantity's share of the pooled cost, rounded once; what rounding leaves stays in the holding, and
 * giving up everything gives up all of it.
 */
export function basisGivenUp(
  method: CostMethod,
  from: { readonly holding: Holding; readonly quantity: Decimal; readonly taken: LotsTaken },
): Basis {
  const { holding, quantity, taken } = from;
  const assumed = holding.assumedLots > 0;
  if (method === "fifo") return { cost: taken.cost, grossCost: taken.grossCost, assumed };
  return {
    cost: share(holding.cost, quantity, holding.quantity),
    grossCost: share(holding.grossCost, quantity, holding.quantity),
    assumed,
  };
}
