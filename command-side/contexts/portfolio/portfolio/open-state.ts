import type { Decimal } from "../../../../platform/kernel/decimal.ts";
import type { CostMethod } from "./events.ts";
import { emptyHolding, type Holding } from "./holding.ts";
import { emptyQueue, type LotQueue } from "./lots.ts";
import { type Movements, noMovements } from "./movements.ts";

/** What an open portfolio knows of itself. */
export interface OpenState {
  readonly status: "open";
  /** The trader it was opened for; null: nobody was named. */
  readonly owner: string | null;
  readonly baseCurrency: string;
  readonly costMethod: CostMethod;
  readonly holdings: Map<string, Holding>;
  /** Of every asset but the base currency. */
  readonly lots: Map<string, LotQueue>;
  /** Balance per account of the ledger. */
  readonly balances: Map<string, Decimal>;
  /** Hashes of trades and external references, kept for ever. */
  readonly knownKeys: Map<string, string>;
  readonly movements: Movements;
  tradeCount: number;
  /** The latest time of a trade so far, epoch ms. */
  latestTradeMs: number;
}

export function openState(
  opened: Pick<OpenState, "owner" | "baseCurrency" | "costMethod">,
): OpenState {
  return {
    status: "open",
    owner: opened.owner,
    baseCurrency: opened.baseCurrency,
    costMethod: opened.costMethod,
    holdings: new Map(),
    lots: new Map(),
    balances: new Map(),
    knownKeys: new Map(),
    movements: noMovements(),
    tradeCount: 0,
    latestTradeMs: 0,
  };
}

export function holdingOf(state: OpenState, asset: string): Holding {
  return state.holdings.get(asset) ?? emptyHolding(asset);
}

export function lotsOf(state: OpenState, asset: string): LotQueue {
  return state.lots.get(asset) ?? emptyQueue();
}
