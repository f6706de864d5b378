/** The figures of one event while it is being decided: a copy of what it touches of the state. */
import type { Decimal } from "../../../../platform/kernel/decimal.ts";
import { type Basis, basisGivenUp, NO_BASIS } from "./cost.ts";
import type { Lot, LotsConsumed } from "./events.ts";
import type { Figures } from "./figures.ts";
import { type Holding, holdingAfter } from "./holding.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { NO_LOT, takeLots, wholeLot } from "./lots.ts";
import { holdingOf, lotsOf, type OpenState } from "./open-state.ts";

export interface Draft {
  readonly state: OpenState;
  /** Of the event, epoch ms: the lots it opens are acquired then. */
  readonly occurredAtMs: number;
  readonly holdings: Map<string, Holding>;
  readonly lotsOpened: Lot[];
  readonly lotsConsumed: LotsConsumed[];
  readonly ledger: Ledger;
}

export function openDraft(state: OpenState, occurredAtMs: number): Draft {
  return {
    state,
    occurredAtMs,
    holdings: new Map(),
    lotsOpened: [],
    lotsConsumed: [],
    ledger: openLedger(state.balances),
  };
}

export function isCash(draft: Draft, asset: string): boolean {
  return asset === draft.state.baseCurrency;
}

export function held(draft: Draft, asset: string): Holding {
  return draft.holdings.get(asset) ?? holdingOf(draft.state, asset);
}

/** An asset comes in with its basis, as a new lot; cash needs neither. */
export function acquire(
  draft: Draft,
  asset: string,
  incoming: Basis & { quantity: Decimal },
): void {
  const { quantity, cost, grossCost, assumed } = incoming;
  if (isCash(draft, asset)) {
    moveCash(draft, quantity);
    return;
  }
  const before = held(draft, asset);
  const lot = openLot(draft, asset, incoming);
  draft.holdings.set(asset, {
    ...before,
    quantity: before.quantity.plus(quantity),
    cost: before.cost.plus(cost),
    grossCost: before.grossCost.plus(grossCost),
    oldestLot: before.oldestLot.lot === 0 ? wholeLot(lot) : before.oldestLot,
    assumedLots: before.assumedLots + (assumed ? 1 : 0),
  });
}

/** An asset goes out, at most what is held; gives the basis that goes with it (none for cash). */
export function giveUp(draft: Draft, asset: string, quantity: Decimal): Basis {
  if (isCash(draft, asset)) {
    moveCash(draft, quantity.negated());
    return NO_BASIS;
  }
  if (quantity.isZero()) return NO_BASIS;
  const holding = held(draft, asset);
  const opened = draft.lotsOpened.filter((lot) => lot.asset === asset);
  const queue = lotsOf(draft.state, asset);
  const taken = takeLots(queue, opened, { oldest: holding.oldestLot, quantity });
  const basis = basisGivenUp(draft.state.costMethod, { holding, quantity, taken });
  const { cost, grossCost } = basis;
  const { firstLot, lastLot, left } = taken;
  draft.lotsConsumed.push({ asset, firstLot, lastLot, quantity, cost, grossCost });
  draft.holdings.set(asset, {
    ...holding,
    quantity: holding.quantity.minus(quantity),
    cost: holding.cost.minus(cost),
    grossCost: holding.grossCost.minus(grossCost),
    oldestLot: left,
    assumedLots: left === NO_LOT ? 0 : holding.assumedLots,
  });
  return basis;
}

/** Adds to the profit realised on an asset since opening. */
export function realise(
  draft: Draft,
  asset: string,
  profit: { net: Decimal; gross: Decimal },
): void {
  const before = held(draft, asset);
  draft.holdings.set(asset, {
    ...before,
    realisedNet: before.realisedNet.plus(profit.net),
    realisedGross: before.realisedGross.plus(profit.gross),
  });
}

/** What the event carries of the draft. */
export function figuresOf(draft: Draft): Figures {
  return {
    holdings: [...draft.holdings.values()].map(holdingAfter),
    lotsOpened: draft.lotsOpened,
    lotsConsumed: draft.lotsConsumed,
    postings: draft.ledger.postings,
  };
}

/** The base currency costs its quantity. */
function moveCash(draft: Draft, amount: Decimal): void {
  const before = held(draft, draft.state.baseCurrency);
  const quantity = before.quantity.plus(amount);
  const after = { ...before, quantity, cost: quantity, grossCost: quantity };
  draft.holdings.set(draft.state.baseCurrency, after);
}

function openLot(draft: Draft, asset: string, incoming: Basis & { quantity: Decimal }): Lot {
  const { quantity, cost, grossCost, assumed: basisAssumed } = incoming;
  const openedBefore = draft.lotsOpened.filter((one) => one.asset === asset).length;
  const number = lotsOf(draft.state, asset).lastLot + openedBefore + 1;
  const acquiredMs = draft.occurredAtMs;
  const lot = { asset, lot: number, quantity, cost, grossCost, acquiredMs, basisAssumed };
  draft.lotsOpened.push(lot);
  return lot;
}
