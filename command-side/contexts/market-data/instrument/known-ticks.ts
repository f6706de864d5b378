import { decimalText } from "../../../../platform/kernel/decimal.ts";
import { hash64 } from "../../../../platform/kernel/hash.ts";
import type { TickData } from "./commands.ts";
import { type FrozenOrder, IdOrder } from "./id-order.ts";
import { type FrozenIntervals, IntervalSet } from "./interval-set.ts";
import {
  MAX_ID_INTERVALS,
  MAX_TICK_HASHES,
  MIN_TICK_HASHES,
  TICK_HASHES_KEPT_MILLISECONDS,
} from "./limits.ts";
import { type FrozenHashes, TimedHashes } from "./timed-hashes.ts";
import { toTradeId } from "./trade-id.ts";

const HASH_LIMITS = {
  most: MAX_TICK_HASHES,
  least: MIN_TICK_HASHES,
  keptMilliseconds: TICK_HASHES_KEPT_MILLISECONDS,
};

export interface FrozenTicks {
  readonly ids: FrozenIntervals;
  readonly hashes: FrozenHashes;
  readonly idOrder: FrozenOrder;
  readonly idsRise: boolean;
}

/**
 * The ticks an instrument has recorded, as far as it remembers them: numeric ids that rise as
 * intervals, other ids and ticks without id as hashes.
 */
export class KnownTicks {
  readonly ids: IntervalSet;
  readonly hashes: TimedHashes;
  readonly idOrder: IdOrder;
  /** Numeric ids have never contradicted the times so far. Once they do, they are plain texts. */
  idsRise = true;

  constructor(
    ids = new IntervalSet(MAX_ID_INTERVALS),
    hashes = new TimedHashes(HASH_LIMITS),
    idOrder = new IdOrder(),
  ) {
    this.ids = ids;
    this.hashes = hashes;
    this.idOrder = idOrder;
  }

  freeze(): FrozenTicks {
    const [ids, hashes, idOrder] = [this.ids.freeze(), this.hashes.freeze(), this.idOrder.freeze()];
    return { ids, hashes, idOrder, idsRise: this.idsRise };
  }

  static thaw({ ids, hashes, idOrder, idsRise }: FrozenTicks): KnownTicks {
    const thawed = new KnownTicks(
      IntervalSet.thaw(MAX_ID_INTERVALS, ids),
      TimedHashes.thaw(HASH_LIMITS, hashes),
      IdOrder.thaw(idOrder),
    );
    thawed.idsRise = idsRise;
    return thawed;
  }
}

/**
 * Takes a recorded tick in. That the ids do not rise is told by the event alone: then a numeric id
 * stands in it as text. What intervals had forgotten cannot be told apart by id any more, so all
 * up to `latestMs` counts as forgotten.
 */
export function remember(
  known: KnownTicks,
  tick: TickData,
  { feedSession, latestMs }: { readonly feedSession: string; readonly latestMs: number },
): void {
  if (typeof tick.tradeId === "number") {
    known.ids.add(tick.tradeId);
    known.idOrder.add(tick.timeMs, tick.tradeId);
    return;
  }
  if (known.idsRise && tick.tradeId !== null && typeof toTradeId(tick.tradeId) === "number") {
    known.idsRise = false;
    if (known.ids.horizon >= 0) known.hashes.raiseHorizon(latestMs);
  }
  known.hashes.add(hashOf(tick, feedSession), tick.timeMs);
}

/**
 * The key of a tick that is not known by a rising id. Without id it is what it says, its running
 * number among equals, and the feed session if the feed named one.
 */
export function hashOf(tick: TickData, feedSession: string): string {
  if (tick.tradeId !== null) return hash64(`id ${tick.tradeId}`);
  const [price, volume] = [decimalText(tick.price), decimalText(tick.volume)];
  const { timeMs, side, occurrence } = tick;
  return hash64(`${timeMs} ${price} ${volume} ${side} ${occurrence} ${feedSession}`);
}
