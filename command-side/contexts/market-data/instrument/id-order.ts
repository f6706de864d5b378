import { ALLOWED_LATENESS_MS } from "../../../../platform/market/interval.ts";

/** The block, the greatest ids of it and of the one before, and of all before those. */
export type FrozenOrder = readonly [number, number, number, number];

/**
 * Whether an instrument's numeric trade ids rise with time: of two ticks with a whole block of the
 * lateness (2 s) between them, the later has the greater id. Nearer ones may be the other way
 * round, for exchanges stamp times a little out of the order of their ids. Four numbers remember
 * enough; a late tick is only held against the greatest id of the latest two blocks.
 */
export class IdOrder {
  #block = Number.NEGATIVE_INFINITY;
  #greatestOfBlock = -1;
  #greatestOfBlockBefore = -1;
  /** Of all blocks before these two. */
  #greatestOfOlder = -1;

  copy(): IdOrder {
    return IdOrder.thaw(this.freeze());
  }

  freeze(): FrozenOrder {
    const [ofBlock, ofBlockBefore] = [this.#greatestOfBlock, this.#greatestOfBlockBefore];
    return [this.#block, ofBlock, ofBlockBefore, this.#greatestOfOlder];
  }

  static thaw([block, ofBlock, ofBlockBefore, ofOlder]: FrozenOrder): IdOrder {
    const thawed = new IdOrder();
    thawed.#block = block;
    thawed.#greatestOfBlock = ofBlock;
    thawed.#greatestOfBlockBefore = ofBlockBefore;
    thawed.#greatestOfOlder = ofOlder;
    return thawed;
  }

  /** Takes a tick in; false when its id contradicts its time. */
  add(timeMs: number, id: number): boolean {
    const block = Math.floor(timeMs / ALLOWED_LATENESS_MS);
    if (block > this.#block) this.#begin(block);
    if (block === this.#block) {
      this.#greatestOfBlock = Math.max(this.#greatestOfBlock, id);
      return id > this.#greatestOfOlder;
    }
    if (block === this.#block - 1) {
      this.#greatestOfBlockBefore = Math.max(this.#greatestOfBlockBefore, id);
      return true;
    }
    this.#greatestOfOlder = Math.max(this.#greatestOfOlder, id);
    return id < this.#greatestOfBlock;
  }

  #begin(block: number): void {
    const isNext = block === this.#block + 1;
    const older = isNext
      ? this.#greatestOfBlockBefore
      : Math.max(this.#greatestOfBlockBefore, this.#greatestOfBlock);
    this.#greatestOfOlder = Math.max(this.#greatestOfOlder, older);
    this.#greatestOfBlockBefore = isNext ? this.#greatestOfBlock : -1;
    this.#greatestOfBlock = -1;
    this.#block = block;
  }
}
