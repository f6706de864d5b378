import type { Decimal } from "../../../../platform/kernel/decimal.ts";
import type { RecordTicks, TickData } from "./commands.ts";
import { hashOf, type KnownTicks } from "./known-ticks.ts";
import { ABSURD_MAGNITUDE, EARLIEST_TICK_MS, FUTURE_TICK_MILLISECONDS } from "./limits.ts";
import type { TickState } from "./state.ts";

/** What becomes of each tick of a command. */
export interface Sifted {
  /** To be recorded, in tick order as far as times and ids tell it, else in the order given. */
  readonly fresh: readonly TickData[];
  readonly duplicates: number;
  readonly beyondHorizon: number;
  /** Places in the command of ticks that the caller has to set aside. */
  readonly future: readonly number[];
  readonly absurd: readonly number[];
  /** Whether numeric ids still decide the order of ticks. */
  readonly idsRise: boolean;
}

export interface SiftingContext {
  readonly state: TickState;
  readonly nowMs: number;
  readonly contractSize: Decimal | null;
}

/** Changes nothing: what the command itself adds is remembered beside the state. */
export function siftTicks(data: RecordTicks["data"], context: SiftingContext): Sifted {
  const { known } = context.state;
  const latestAllowedMs = context.nowMs + FUTURE_TICK_MILLISECONDS;
  const isKnown = duplicateFinder(known, data.feedSession);
  const candidates: TickData[] = [];
  const [future, absurd]: [number[], number[]] = [[], []];
  let duplicates = 0;
  for (const [index, tick] of data.ticks.entries()) {
    if (tick.timeMs > latestAllowedMs) future.push(index);
    else if (isAbsurd(tick, context.contractSize)) absurd.push(index);
    else if (isKnown(tick)) duplicates += 1;
    else candidates.push(tick);
  }
  sortUnlessSorted(candidates, compareTimes);
  const idsRise = known.idsRise && idsStillRise(known, candidates);
  const isForgotten = horizonOf(context.state, idsRise);
  const fresh = candidates.filter((tick) => !isForgotten(tick));
  if (idsRise) sortUnlessSorted(fresh, compareTimesAndIds);
  const beyondHorizon = candidates.length - fresh.length;
  return { fresh, duplicates, beyondHorizon, future, absurd, idsRise };
}

/** No trade has such a price or amount, and sums of such would not fit a decimal. */
function isAbsurd(tick: TickData, contractSize: Decimal | null): boolean {
  const [price, volume] = [magnitude(tick.price), magnitude(tick.volume)];
  return (
    tick.timeMs < EARLIEST_TICK_MS ||
    price >= ABSURD_MAGNITUDE ||
    volume >= ABSURD_MAGNITUDE ||
    price + volume >= ABSURD_MAGNITUDE ||
    (contractSize !== null && volume + magnitude(contractSize) >= ABSURD_MAGNITUDE)
  );
}

/** The power of ten of the first digit. */
function magnitude(value: Decimal): number {
  return value.e ?? 0;
}

function duplicateFinder(known: KnownTicks, feedSession: string): (tick: TickData) => boolean {
  const ids = new Set<number>();
  const hashes = new Set<string>();
  let greatestId = known.ids.greatest;
  return (tick) => {
    const { tradeId } = tick;
    if (typeof tradeId === "number") {
      if (tradeId > greatestId) greatestId = tradeId;
      else if (known.ids.has(tradeId) || ids.has(tradeId)) return true;
      ids.add(tradeId);
      if (known.idsRise) return false;
    }
    const hash = hashOf(tick, feedSession);
    if (known.hashes.has(hash) || hashes.has(hash)) return true;
    hashes.add(hash);
    return false;
  };
}

function idsStillRise(known: KnownTicks, candidates: readonly TickData[]): boolean {
  const order = known.idOrder.copy();
  return candidates.every(({ timeMs, tradeId }) => {
    return typeof tradeId !== "number" || order.add(timeMs, tradeId);
  });
}

/**
 * Whether a tick may have been recorded and forgotten since. Where ids cease to rise with this
 * very command, all that the intervals have forgotten may be any tick up to the latest.
 */
function horizonOf(state: TickState, idsRise: boolean): (tick: TickData) => boolean {
  const { known, backfillRanges, latestMs } = state;
  const ceased = known.idsRise && !idsRise && known.ids.horizon >= 0;
  const horizonMs = ceased ? latestMs : known.hashes.horizonMs;
  return ({ timeMs, tradeId }) => {
    const byId = idsRise && typeof tradeId === "number";
    const mayBeKnown = byId ? tradeId <= known.ids.horizon : timeMs <= horizonMs;
    if (!mayBeKnown) return false;
    return !backfillRanges.some(({ fromMs, toMs }) => fromMs <= timeMs && timeMs < toMs);
  };
}

type Comparison = (a: TickData, b: TickData) => number;

function compareTimes(a: TickData, b: TickData): number {
  return a.timeMs - b.timeMs;
}

/** As ticks are ordered once they have ordinals; equals keep the order in which they were given. */
function compareTimesAndIds(a: TickData, b: TickData): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  if (typeof a.tradeId === "number") {
    return typeof b.tradeId === "number" ? a.tradeId - b.tradeId : -1;
  }
  return typeof b.tradeId === "number" ? 1 : 0;
}

/** Ticks mostly come in order, and looking is cheaper than sorting. */
function sortUnlessSorted(ticks: TickData[], compare: Comparison): void {
  for (let at = 1; at < ticks.length; at += 1) {
    if (compare(ticks[at - 1] as TickData, ticks[at] as TickData) > 0) {
      ticks.sort(compare);
      return;
    }
  }
}
