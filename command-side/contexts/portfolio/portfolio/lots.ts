/**
 * The lots of one asset, first in, first out. A lot never changes: what is left of the oldest open
 * one stands beside the queue, in the holding.
 */
import { type Decimal, share, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { Lot } from "./events.ts";

/** `lots` from `head` on are open; those before are used up and wait for being cut off. */
export interface LotQueue {
  lots: Lot[];
  head: number;
  /** The number of the newest lot ever opened; numbers are never given again. */
  lastLot: number;
}

/** Used-up lots in front of the queue from which on they are cut off. */
const CUT_OFF_FROM_LOTS = 256;

/** What is left of the oldest open lot. */
export interface LotLeft {
  readonly lot: number;
  readonly quantity: Decimal;
  readonly cost: Decimal;
  readonly grossCost: Decimal;
}

/** The lots that were given up, wholly or (the last one) in part, with their own costs. */
export interface LotsTaken {
  readonly firstLot: number;
  readonly lastLot: number;
  readonly cost: Decimal;
  readonly grossCost: Decimal;
  readonly left: LotLeft;
}

export const NO_LOT: LotLeft = { lot: 0, quantity: ZERO, cost: ZERO, grossCost: ZERO };

export function emptyQueue(): LotQueue {
  return { lots: [], head: 0, lastLot: 0 };
}

export function wholeLot({ lot, quantity, cost, grossCost }: Lot): LotLeft {
  return { lot, quantity, cost, grossCost };
}

export function openLots(queue: LotQueue): readonly Lot[] {
  return queue.lots.slice(queue.head);
}

export function countOpenLots(queue: LotQueue): number {
  return queue.lots.length - queue.head;
}

/** The oldest open lot beside `lot`; `NO_LOT` when there is none. */
export function oldestBeside(queue: LotQueue, lot: number): LotLeft {
  const next = queue.lots[queue.head]?.lot === lot ? queue.head + 1 : queue.head;
  return lotAt(queue, [], next);
}

/** Appends newly opened lots. */
export function addLots(queue: LotQueue, opened: readonly Lot[]): void {
  for (const lot of opened) {
    queue.lots.push(lot);
    queue.lastLot = lot.lot;
  }
}

/** Moves on to `firstOpenLot` (0: none is open) and gives back the lots that are used up. */
export function useUpLots(queue: LotQueue, firstOpenLot: number): readonly Lot[] {
  const start = queue.head;
  while (queue.head < queue.lots.length && !isOpen(queue, firstOpenLot)) queue.head += 1;
  const used = queue.head > start ? queue.lots.slice(start, queue.head) : [];
  if (queue.head >= CUT_OFF_FROM_LOTS && queue.head * 2 >= queue.lots.length) {
    queue.lots = queue.lots.slice(queue.head);
    queue.head = 0;
  }
  return used;
}

/** Undoes: `used` stand in front again, and the lots numbered `removed` were never there. */
export function putBackLots(
  queue: LotQueue,
  used: readonly Lot[],
  removed: ReadonlySet<number>,
): void {
  queue.lots = [...used, ...openLots(queue)].filter((lot) => !removed.has(lot.lot));
  queue.head = 0;
}

function isOpen(queue: LotQueue, firstOpenLot: number): boolean {
  const lot = queue.lots[queue.head];
  return lot !== undefined && firstOpenLot !== 0 && lot.lot >= firstOpenLot;
}

/**
 * Takes `quantity` from the oldest lots on. The part taken of a lot has its share of the cost,
 * rounded once; the rest stays with the lot, so that the parts of a lot sum to it exactly.
 */
export function takeLots(
  queue: LotQueue,
  opened: readonly Lot[],
  from: { readonly oldest: LotLeft; readonly quantity: Decimal },
): LotsTaken {
  let needed = from.quantity;
  let left = from.oldest;
  let [cost, grossCost, lastLot] = [ZERO, ZERO, left.lot];
  for (let next = queue.head + 1; needed.gt(0); next += 1) {
    if (left.lot === 0) throw new RangeError("lots hold less than the holding");
    lastLot = left.lot;
    if (needed.lt(left.quantity)) {
      const part = partOf(left, needed);
      [cost, grossCost] = [cost.plus(part.cost), grossCost.plus(part.grossCost)];
      left = lessPart(left, part);
      break;
    }
    [cost, grossCost] = [cost.plus(left.cost), grossCost.plus(left.grossCost)];
    needed = needed.minus(left.quantity);
    left = lotAt(queue, opened, next);
  }
  return { firstLot: from.oldest.lot, lastLot, cost, grossCost, left };
}

function partOf(left: LotLeft, quantity: Decimal): LotLeft {
  return {
    lot: left.lot,
    quantity,
    cost: share(left.cost, quantity, left.quantity),
    grossCost: share(left.grossCost, quantity, left.quantity),
  };
}

function lessPart(left: LotLeft, part: LotLeft): LotLeft {
  return {
    lot: left.lot,
    quantity: left.quantity.minus(part.quantity),
    cost: left.cost.minus(part.cost),
    grossCost: left.grossCost.minus(part.grossCost),
  };
}

function lotAt(queue: LotQueue, opened: readonly Lot[], index: number): LotLeft {
  const lot = queue.lots[index] ?? opened[index - queue.lots.length];
  return lot ? wholeLot(lot) : NO_LOT;
}
