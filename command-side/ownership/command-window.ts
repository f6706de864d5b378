import { parse, stringify } from "uuid";

/** What is remembered of accepted commands that appended events: 24 h, at most a million. */
export const WINDOW_MILLISECONDS = 24 * 60 * 60 * 1000;
const WINDOW_COMMANDS = 1_000_000;
const SMALLEST_CAPACITY = 1024;
const WORDS_PER_ID = 4;
const EMPTY = 0;

/** Entries as they stand in a snapshot, oldest first. */
export interface WindowPiece {
  /** Four words an id. */
  readonly ids: Uint32Array;
  readonly positions: Float64Array;
  readonly recordedAtMs: Float64Array;
}

/**
 * Command ids (16 bytes) with the position of their first event, oldest out first, in typed
 * arrays: a ring of entries and an open-addressing index into it. Some 40 bytes a command.
 */
export class CommandWindow {
  readonly #limit: number;
  #capacity: number;
  #ids: Uint32Array;
  #positions: Float64Array;
  #recordedAtMs: Float64Array;
  /** Slots hold entry number + 1; 0 is empty. Twice the capacity keeps probes short. */
  #slots: Uint32Array;
  #oldest = 0;
  #size = 0;
  #added = 0;

  constructor(limit: number = WINDOW_COMMANDS) {
    this.#limit = limit;
    this.#capacity = Math.min(SMALLEST_CAPACITY, limit);
    [this.#ids, this.#positions, this.#recordedAtMs, this.#slots] = arraysFor(this.#capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Entries ever added, those forgotten included. */
  get added(): number {
    return this.#added;
  }

  /** Age of the oldest remembered command: how far back repeats are recognised. */
  ageMilliseconds(nowMs: number): number {
    return this.#size === 0 ? 0 : nowMs - (this.#recordedAtMs[this.#oldest] as number);
  }

  /** The position of the command's first event; `null` when the id is not remembered. */
  positionOf(commandId: string): number | null {
    const slot = this.#find(wordsOf(commandId));
    const entry = this.#slots[slot] as number;
    return entry === EMPTY ? null : (this.#positions[entry - 1] as number);
  }

  add(commandId: string, position: number, recordedAtMs: number): void {
    this.#add(wordsOf(commandId), position, recordedAtMs);
  }

  /** Of the entries ever added the `from`-th up to before the `to`-th, as far as remembered. */
  piece(from: number, to: number): WindowPiece {
    const oldest = this.#added - this.#size;
    const first = Math.max(from, oldest);
    const count = Math.max(0, Math.min(to, this.#added) - first);
    const ids = new Uint32Array(count * WORDS_PER_ID);
    const [positions, recordedAtMs] = [new Float64Array(count), new Float64Array(count)];
    for (let i = 0; i < count; i += 1) {
      const entry = (this.#oldest + first - oldest + i) % this.#capacity;
      ids.set(this.#wordsAt(entry), i * WORDS_PER_ID);
      positions[i] = this.#positions[entry] as number;
      recordedAtMs[i] = this.#recordedAtMs[entry] as number;
    }
    return { ids, positions, recordedAtMs };
  }

  /** Adds what `piece` gave. */
  restore({ ids, positions, recordedAtMs }: WindowPiece): void {
    for (const [i, position] of positions.entries()) {
      const words = ids.subarray(i * WORDS_PER_ID, (i + 1) * WORDS_PER_ID);
      this.#add(words, position, recordedAtMs[i] as number);
    }
  }

  #add(words: Uint32Array, position: number, recordedAtMs: number): void {
    this.#forgetBefore(recordedAtMs - WINDOW_MILLISECONDS);
    if (this.#size === this.#limit) this.#forgetOldest();
    if (this.#size === this.#capacity) this.#grow();
    const entry = (this.#oldest + this.#size) % this.#capacity;
    this.#ids.set(words, entry * WORDS_PER_ID);
    this.#positions[entry] = position;
    this.#recordedAtMs[entry] = recordedAtMs;
    this.#size += 1;
    this.#added += 1;
    this.#slots[this.#find(this.#wordsAt(entry))] = entry + 1;
  }

  /** Ids in order of age, oldest first; for tests. */
  *ids(): Iterable<string> {
    for (let i = 0; i < this.#size; i += 1) {
      const entry = (this.#oldest + i) % this.#capacity;
      yield textOf(this.#wordsAt(entry));
    }
  }

  #forgetBefore(timeMs: number): void {
    while (this.#size > 0 && (this.#recordedAtMs[this.#oldest] as number) < timeMs) {
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    this.#emptySlot(this.#find(this.#wordsAt(this.#oldest)));
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    this.#size -= 1;
  }

  /** Removes a slot of a linear-probing table by moving later ones of its run back. */
  #emptySlot(removed: number): void {
    const mask = this.#slots.length - 1;
    let hole = removed;
    for (let next = (hole + 1) & mask; this.#slots[next] !== EMPTY; next = (next + 1) & mask) {
      const home = this.#home(this.#wordsAt((this.#slots[next] as number) - 1));
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        this.#slots[hole] = this.#slots[next] as number;
        hole = next;
      }
    }
    this.#slots[hole] = EMPTY;
  }

  /** The slot that holds `words`, or the empty one where they belong. */
  #find(words: Uint32Array): number {
    const mask = this.#slots.length - 1;
    let slot = this.#home(words);
    while (this.#slots[slot] !== EMPTY) {
      if (this.#isAt(words, (this.#slots[slot] as number) - 1)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #home(words: Uint32Array): number {
    const [a, b, c, d] = words as unknown as [number, number, number, number];
    const mixed =
      Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c ^ d, 0xc2b2ae35);
    return (mixed ^ (mixed >>> 15)) & (this.#slots.length - 1);
  }

  #wordsAt(entry: number): Uint32Array {
    return this.#ids.subarray(entry * WORDS_PER_ID, (entry + 1) * WORDS_PER_ID);
  }

  #isAt(words: Uint32Array, entry: number): boolean {
    const start = entry * WORDS_PER_ID;
    for (let i = 0; i < WORDS_PER_ID; i += 1) {
      if (this.#ids[start + i] !== words[i]) return false;
    }
    return true;
  }

  #grow(): void {
    const [ids, positions, times] = [this.#ids, this.#positions, this.#recordedAtMs];
    const [capacity, oldest, size] = [this.#capacity, this.#oldest, this.#size];
    this.#capacity = Math.min(capacity * 2, this.#limit);
    [this.#ids, this.#positions, this.#recordedAtMs, this.#slots] = arraysFor(this.#capacity);
    this.#oldest = 0;
    for (let i = 0; i < size; i += 1) {
      const from = (oldest + i) % capacity;
      this.#ids.set(ids.subarray(from * WORDS_PER_ID, (from + 1) * WORDS_PER_ID), i * WORDS_PER_ID);
      this.#positions[i] = positions[from] as number;
      this.#recordedAtMs[i] = times[from] as number;
      this.#slots[this.#find(this.#wordsAt(i))] = i + 1;
    }
  }
}

function arraysFor(capacity: number): [Uint32Array, Float64Array, Float64Array, Uint32Array] {
  const slots = 2 ** Math.ceil(Math.log2(capacity * 2));
  return [
    new Uint32Array(capacity * WORDS_PER_ID),
    new Float64Array(capacity),
    new Float64Array(capacity),
    new Uint32Array(slots),
  ];
}

function wordsOf(commandId: string): Uint32Array {
  const bytes = parse(commandId);
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 16));
}

function textOf(words: Uint32Array): string {
  return stringify(new Uint8Array(words.slice().buffer));
}
