export interface FrozenIntervals {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly horizon: number;
}

/**
 * Whole numbers as sorted intervals that do not touch: ids that rise by one are a single interval
 * however many there are. When there would be more than `limit` intervals, the lowest gap closes:
 * of all up to its end (the horizon) it is no longer known which were there.
 */
export class IntervalSet {
  readonly #limit: number;
  #starts: number[] = [];
  #ends: number[] = [];
  /** Intervals before this index are given up; they are cut off in blocks. */
  #head = 0;
  #horizon = -1;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The greatest number that was forgotten; −1 when none was. */
  get horizon(): number {
    return this.#horizon;
  }

  get intervals(): number {
    return this.#starts.length - this.#head;
  }

  /** The greatest number of the set; −1 when it is empty. */
  get greatest(): number {
    return this.intervals === 0 ? -1 : (this.#ends.at(-1) ?? -1);
  }

  /** Asked only of numbers above the horizon, the answer is certain. */
  has(value: number): boolean {
    if (value > this.greatest) return false;
    const at = this.#intervalAtOrBefore(value);
    return at >= this.#head && value <= (this.#ends[at] ?? -1);
  }

  add(value: number): void {
    if (value <= this.#horizon) return;
    const greatest = this.greatest;
    if (value === greatest + 1 && this.intervals > 0) this.#ends[this.#ends.length - 1] = value;
    else if (value > greatest) this.#insert(this.#starts.length, value);
    else this.#addBetween(value);
    if (this.intervals > this.#limit) this.#closeLowestGap();
  }

  freeze(): FrozenIntervals {
    const starts = Float64Array.from(this.#starts.slice(this.#head));
    const ends = Float64Array.from(this.#ends.slice(this.#head));
    return { starts, ends, horizon: this.#horizon };
  }

  static thaw(limit: number, { starts, ends, horizon }: FrozenIntervals): IntervalSet {
    const thawed = new IntervalSet(limit);
    thawed.#starts = [...starts];
    thawed.#ends = [...ends];
    thawed.#horizon = horizon;
    return thawed;
  }

  #addBetween(value: number): void {
    const before = this.#intervalAtOrBefore(value);
    const after = before + 1;
    const [endBefore, startAfter] = [this.#ends[before] ?? -1, this.#starts[after] ?? -1];
    const touchesBefore = before >= this.#head && value <= endBefore + 1;
    const touchesAfter = startAfter === value + 1;
    if (touchesBefore && value <= endBefore) return;
    if (touchesBefore && touchesAfter) {
      this.#ends.splice(before, 1);
      this.#starts.splice(after, 1);
    } else if (touchesBefore) this.#ends[before] = value;
    else if (touchesAfter) this.#starts[after] = value;
    else this.#insert(after, value);
  }

  #insert(at: number, value: number): void {
    this.#starts.splice(at, 0, value);
    this.#ends.splice(at, 0, value);
  }

  /** The last interval that begins at or before `value`; `#head − 1` when none does. */
  #intervalAtOrBefore(value: number): number {
    let [low, high] = [this.#head, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #closeLowestGap(): void {
    this.#head += 1;
    this.#horizon = (this.#starts[this.#head] ?? 0) - 1;
    if (this.#head <= this.#limit) return;
    this.#starts = this.#starts.slice(this.#head);
    this.#ends = this.#ends.slice(this.#head);
    this.#head = 0;
  }
}
