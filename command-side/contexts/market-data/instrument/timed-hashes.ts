/** How many hashes are kept, and of how much time. */
export interface HashLimits {
  readonly most: number;
  /** Not less than this many are kept because of their age. */
  readonly least: number;
  readonly keptMilliseconds: number;
}

export interface FrozenHashes {
  readonly timesMs: Float64Array;
  /** Four units a hash. */
  readonly hashes: Uint16Array;
  readonly horizonMs: number;
}

const UNITS_PER_HASH = 4;

/**
 * Hashes (four UTF-16 units each) with the time of what they stand for; those of the earliest times
 * are forgotten first, so that the horizon (the greatest time ever forgotten) lies as far back as
 * can be. Which arrived first does not matter.
 */
export class TimedHashes {
  readonly #limits: HashLimits;
  readonly #hashes = new Set<string>();
  /** A binary heap, the earliest time on top. */
  readonly #heapTimes: number[] = [];
  readonly #heapHashes: string[] = [];
  #horizonMs = -1;

  constructor(limits: HashLimits) {
    this.#limits = limits;
  }

  /** The greatest time ever forgotten; −1 when nothing was. */
  get horizonMs(): number {
    return this.#horizonMs;
  }

  get size(): number {
    return this.#hashes.size;
  }

  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  add(hash: string, timeMs: number): void {
    if (this.#hashes.has(hash)) return;
    this.#hashes.add(hash);
    this.#push(hash, timeMs);
  }

  /** Forgets what the limits do not keep, `latestMs` being the latest time there is. */
  forget(latestMs: number): void {
    const { most, least, keptMilliseconds } = this.#limits;
    while (this.size > most) this.#forgetEarliest();
    while (this.size > least && (this.#heapTimes[0] ?? 0) < latestMs - keptMilliseconds) {
      this.#forgetEarliest();
    }
  }

  /** From now on nothing up to `timeMs` counts as remembered unless its hash is here. */
  raiseHorizon(timeMs: number): void {
    this.#horizonMs = Math.max(this.#horizonMs, timeMs);
  }

  /** The heap as it is: typed arrays of a million hashes are taken in milliseconds. */
  freeze(): FrozenHashes {
    const hashes = new Uint16Array(this.#heapHashes.length * UNITS_PER_HASH);
    for (const [index, hash] of this.#heapHashes.entries()) {
      for (let unit = 0; unit < UNITS_PER_HASH; unit += 1) {
        hashes[index * UNITS_PER_HASH + unit] = hash.charCodeAt(unit);
      }
    }
    return { timesMs: Float64Array.from(this.#heapTimes), hashes, horizonMs: this.#horizonMs };
  }

  static thaw(limits: HashLimits, { timesMs, hashes, horizonMs }: FrozenHashes): TimedHashes {
    const thawed = new TimedHashes(limits);
    for (const [index, timeMs] of timesMs.entries()) {
      const units = hashes.subarray(index * UNITS_PER_HASH, (index + 1) * UNITS_PER_HASH);
      const hash = String.fromCharCode(...units);
      thawed.#heapTimes.push(timeMs);
      thawed.#heapHashes.push(hash);
      thawed.#hashes.add(hash);
    }
    thawed.#horizonMs = horizonMs;
    return thawed;
  }

  /** Times mostly rise: then the new one stays where it is put, at the end. */
  #push(hash: string, timeMs: number): void {
    let at = this.#heapTimes.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#heapTimes[parent] ?? 0) <= timeMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#heapTimes[at] = timeMs;
    this.#heapHashes[at] = hash;
  }

  #forgetEarliest(): void {
    this.#hashes.delete(this.#heapHashes[0] ?? "");
    this.raiseHorizon(this.#heapTimes[0] ?? -1);
    const [timeMs, hash] = [this.#heapTimes.pop() ?? 0, this.#heapHashes.pop() ?? ""];
    const length = this.#heapTimes.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      const child = this.#earlierChild(at, length);
      if (child >= length || (this.#heapTimes[child] ?? 0) >= timeMs) break;
      this.#move(child, at);
      at = child;
    }
    this.#heapTimes[at] = timeMs;
    this.#heapHashes[at] = hash;
  }

  #earlierChild(at: number, length: number): number {
    const left = 2 * at + 1;
    const right = left + 1;
    if (right >= length) return left;
    return (this.#heapTimes[right] ?? 0) < (this.#heapTimes[left] ?? 0) ? right : left;
  }

  #move(from: number, to: number): void {
    this.#heapTimes[to] = this.#heapTimes[from] ?? 0;
    this.#heapHashes[to] = this.#heapHashes[from] ?? "";
  }
}
