/** The newest movements of a portfolio with what is needed to undo them exactly. */
import type { Decimal } from "../../../../platform/kernel/decimal.ts";
import type { Lot, Posting } from "./events.ts";
import type { Holding } from "./holding.ts";
import { MAX_LOTS_KEPT_FOR_REVERSAL, MAX_REVERSIBLE_MOVEMENTS } from "./limits.ts";

/** What a movement did to one asset. */
export interface Leg {
  readonly before: Holding;
  readonly after: Holding;
  /** Numbers of the lots it opened. */
  readonly opened: readonly number[];
  /** The lots it used up, as they had been opened. */
  readonly used: readonly Lot[];
  readonly kind: "cash" | "acquired" | "given up";
}

/** What a trade realised, in the base currency. */
interface Realised {
  readonly net: Decimal;
  readonly gross: Decimal;
  /** On the asset of a third-asset fee. */
  readonly fee: Decimal;
}

export interface TradeMovement {
  readonly type: "trade";
  readonly instrumentId: string;
  readonly tradeId: string;
  readonly tradeNumber: number;
  readonly realised: Realised;
  readonly postings: readonly Posting[];
  readonly legs: ReadonlyMap<string, Leg>;
}

/** A deposit or withdrawal: it cannot be undone, but stands against undoing what came before. */
interface FundsMovement {
  readonly type: "deposit" | "withdrawal";
  readonly externalReference: string;
  readonly legs: ReadonlyMap<string, Leg>;
}

export type Movement = TradeMovement | FundsMovement;

/** Oldest first; both limits are kept by forgetting the oldest. */
export interface Movements {
  list: Movement[];
  lotsKept: number;
}

export function noMovements(): Movements {
  return { list: [], lotsKept: 0 };
}

export function remember(movements: Movements, movement: Movement): void {
  movements.list.push(movement);
  movements.lotsKept += lotsOf(movement);
  while (isOverLimit(movements)) forgetOldest(movements);
}

/** Takes a movement that was undone out. */
export function forget(movements: Movements, movement: Movement): void {
  movements.list = movements.list.filter((one) => one !== movement);
  movements.lotsKept -= lotsOf(movement);
}

export function findTrade(
  movements: Movements,
  trade: { readonly instrumentId: string; readonly tradeId: string },
): TradeMovement | null {
  for (const one of movements.list) {
    if (one.type !== "trade" || one.tradeId !== trade.tradeId) continue;
    if (one.instrumentId === trade.instrumentId) return one;
  }
  return null;
}

/** The movements recorded after `movement`, the newest first. */
export function laterMovements(movements: Movements, movement: Movement): readonly Movement[] {
  return movements.list.slice(movements.list.indexOf(movement) + 1).toReversed();
}

function isOverLimit({ list, lotsKept }: Movements): boolean {
  return list.length > MAX_REVERSIBLE_MOVEMENTS || lotsKept > MAX_LOTS_KEPT_FOR_REVERSAL;
}

function forgetOldest(movements: Movements): void {
  const oldest = movements.list.shift();
  if (oldest) movements.lotsKept -= lotsOf(oldest);
}

function lotsOf({ legs }: Movement): number {
  let lots = 0;
  for (const leg of legs.values()) lots += leg.used.length;
  return lots;
}
