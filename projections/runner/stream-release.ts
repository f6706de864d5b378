import { keyOf } from "./key-order.ts";
import type { Change, Projection, Tables } from "./projection.ts";
import type { Causes, ParkedStream, PositionedChange } from "./read-store.ts";
import { outcomeOf, type ParkedFrom, type Step } from "./steps.ts";

/** Events of the stream that are applied in one step at most. */
const EVENTS_AT_ONCE = 500;
/** Reads of the log before others of the partition get their turn: more than their batch takes. */
const READS_A_TURN = 4;

/** Steps of all streams from a position on; a stream that is parked is so in them, save this one. */
export type ReadSteps = (from: number, highestClaim: number) => Promise<readonly Step[]>;

export interface StreamReleaseParts {
  readonly projection: Projection;
  readonly parked: ParkedStream;
  readonly order: number;
  /** The highest claim where the stream is parked. */
  readonly highestClaim: number;
}

/** What is to be written in one step. */
export interface ReleasedPiece {
  readonly steps: readonly Step[];
  readonly changes: readonly PositionedChange[];
  readonly causes: Causes;
  /** Where the stream is parked after it; `null`: it is through. */
  readonly parked: ParkedStream | null;
  /** An event could not be applied again: `parked` is at that. */
  readonly isInVain: boolean;
}

interface Cursor {
  next: number;
  highestClaim: number;
}

const NONE_PARKED: ParkedFrom = new Map();

/**
 * Applies what was left out of one stream, from where it is parked up to the checkpoint, while the
 * partition is fed on. The log is read twice: once for all streams, to know which rows another
 * stream has changed since; and once for the events of this one.
 */
export class StreamRelease {
  readonly stream: string;
  readonly order: number;
  readonly #parts: StreamReleaseParts;
  readonly #seen: Cursor;
  readonly #found: Cursor;
  /** Of the rows that the stream changes: where another one has changed them last since. */
  readonly #changedSince = new Map<string, number>();
  #pending: Step[] = [];

  constructor(parts: StreamReleaseParts) {
    const { parked, highestClaim } = parts;
    this.#parts = parts;
    this.stream = parked.stream;
    this.order = parts.order;
    this.#seen = { next: parked.position, highestClaim };
    this.#found = { next: parked.position, highestClaim };
  }

  /**
   * Reads on; true: the next piece can be written, if the checkpoint stands at `end` until then.
   */
  async isReady(end: number, read: ReadSteps): Promise<boolean> {
    for (let reads = 0; reads < READS_A_TURN; reads += 1) {
      if (this.#seen.next < end) this.#look(await stepsFrom(this.#seen, end, read));
      else if (this.#isShort(end)) this.#find(await stepsFrom(this.#found, end, read));
      else return true;
    }
    return this.#seen.next >= end && !this.#isShort(end);
  }

  /** How many events the next piece may have. */
  get most(): number {
    return Math.min(this.#pending.length, EVENTS_AT_ONCE);
  }

  /** The next `count` events as one piece. */
  piece(count: number): ReleasedPiece {
    const { projection, parked } = this.#parts;
    const steps = this.#pending.slice(0, count);
    const rest = this.#pending[count];
    const outcome = outcomeOf(projection, steps, NONE_PARKED);
    const [failed] = outcome.parked;
    const still = failed ?? (rest === undefined ? null : { ...parked, ...placeOf(rest) });
    const changes = outcome.changes.filter((change) => !this.#isOutdated(change));
    const { causes } = outcome;
    return { steps, changes, causes, parked: still, isInVain: failed !== undefined };
  }

  /** The first `count` events have been applied. */
  wrote(count: number): void {
    this.#pending = this.#pending.slice(count);
  }

  /** The store refuses what the first event comes to; false: that was known. */
  refuseFirst(fault: string): boolean {
    const [first, ...others] = this.#pending;
    if (first === undefined || first.fault !== null) return false;
    this.#pending = [{ ...first, changes: [], fault }, ...others];
    return true;
  }

  /** One more is wanted than a piece has: where the stream is parked until the next piece. */
  #isShort(end: number): boolean {
    return this.#pending.length <= EVENTS_AT_ONCE && this.#found.next < end;
  }

  #look(steps: readonly Step[]): void {
    for (const { stream, position, changes } of steps) {
      for (const change of changes) this.#lookAt(change, { stream, position });
    }
  }

  #lookAt(change: Change, { stream, position }: Pick<Step, "stream" | "position">): void {
    const { tables } = this.#parts.projection;
    if (tables[change.table]?.immutable) return;
    const key = rowText(tables, change);
    const isKnown = this.#changedSince.has(key);
    if (stream === this.stream) {
      if (!isKnown) this.#changedSince.set(key, -1);
    } else if (isKnown) this.#changedSince.set(key, position);
  }

  #find(steps: readonly Step[]): void {
    this.#pending.push(...steps.filter(({ stream }) => stream === this.stream));
  }

  #isOutdated(change: PositionedChange): boolean {
    const key = rowText(this.#parts.projection.tables, change);
    return (this.#changedSince.get(key) ?? -1) > change.position;
  }
}

/** Events before `end`, of one read. */
async function stepsFrom(cursor: Cursor, end: number, read: ReadSteps): Promise<Step[]> {
  const found = await read(cursor.next, cursor.highestClaim);
  const steps = found.filter(({ position }) => position < end);
  const last = steps.at(-1);
  // Where there is none, the log has no record before the end.
  cursor.next = last === undefined ? end : last.position + 1;
  cursor.highestClaim = last?.highestClaim ?? cursor.highestClaim;
  return steps.filter(({ kind }) => kind === "event");
}

function placeOf({ position, sequence }: Step): Pick<ParkedStream, "position" | "sequence"> {
  return { position, sequence };
}

function rowText(tables: Tables, { table, row }: Change): string {
  const declared = tables[table];
  return JSON.stringify([table, declared === undefined ? null : keyOf(declared, row)]);
}
