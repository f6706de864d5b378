/** Takes the resulting figures that an event carries over into the state, and back out of it. */
import type { HoldingAfter, Lot, LotsConsumed, Posting, TradeReversed } from "./events.ts";
import { holdingFrom } from "./holding.ts";
import { addLots, emptyQueue, type LotQueue, putBackLots, useUpLots } from "./lots.ts";
import type { Leg, Movement } from "./movements.ts";
import { holdingOf, type OpenState } from "./open-state.ts";

/** What every event that moves an asset carries. */
export interface Figures {
  readonly holdings: readonly HoldingAfter[];
  readonly lotsOpened: readonly Lot[];
  readonly lotsConsumed: readonly LotsConsumed[];
  readonly postings: readonly Posting[];
}

/** Books the figures; gives, per asset, what is needed to undo them. */
export function book(state: OpenState, figures: Figures): ReadonlyMap<string, Leg> {
  const legs = new Map<string, Leg>();
  for (const holding of figures.holdings) {
    const isCash = holding.asset === state.baseCurrency;
    legs.set(holding.asset, isCash ? bookCash(state, holding) : bookLots(state, holding, figures));
  }
  keepBalances(state, figures.postings);
  return legs;
}

/** Books the figures of a reversal: the movement's lots go, those it had used up come back. */
export function unbook(state: OpenState, figures: TradeReversed, movement: Movement): void {
  for (const holding of figures.holdings) {
    const { asset } = holding;
    const leg = movement.legs.get(asset);
    if (!leg) throw new RangeError(`reversed, but not touched: ${asset}`);
    const came = leg.after.assumedLots - leg.before.assumedLots;
    const assumedLots = holdingOf(state, asset).assumedLots - came;
    state.holdings.set(asset, holdingFrom(holding, holding.quantity.isZero() ? 0 : assumedLots));
    if (leg.kind !== "cash") putBackLots(queueOf(state, asset), leg.used, new Set(leg.opened));
  }
  keepBalances(state, figures.postings);
}

function bookCash(state: OpenState, holding: HoldingAfter): Leg {
  const before = holdingOf(state, holding.asset);
  const after = holdingFrom(holding, 0);
  state.holdings.set(holding.asset, after);
  return { before, after, opened: [], used: [], kind: "cash" };
}

function bookLots(state: OpenState, holding: HoldingAfter, figures: Figures): Leg {
  const { asset, quantity } = holding;
  const opened = figures.lotsOpened.filter((lot) => lot.asset === asset);
  const before = holdingOf(state, asset);
  const assumed = opened.filter((lot) => lot.basisAssumed).length;
  const after = holdingFrom(holding, quantity.isZero() ? 0 : before.assumedLots + assumed);
  state.holdings.set(asset, after);
  const queue = queueOf(state, asset);
  addLots(queue, opened);
  const used = useUpLots(queue, after.oldestLot.lot);
  const isGivenUp = figures.lotsConsumed.some((lots) => lots.asset === asset);
  const numbers = opened.map(({ lot }) => lot);
  return { before, after, opened: numbers, used, kind: isGivenUp ? "given up" : "acquired" };
}

function queueOf(state: OpenState, asset: string): LotQueue {
  const known = state.lots.get(asset);
  if (known) return known;
  const queue = emptyQueue();
  state.lots.set(asset, queue);
  return queue;
}

function keepBalances(state: OpenState, postings: readonly Posting[]): void {
  for (const { account, balance } of postings) state.balances.set(account, balance);
}
