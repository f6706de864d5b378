import { expect } from "chai";
import type { EventChanges } from "../../../projections/runner/compact.ts";
import type { ReadStore } from "../../../projections/runner/read-store.ts";
import { batchOf, LOG_ID, PARTITION } from "./sample-projection.ts";

export const TWINS = ["none", "ghost", "repeat"] as const;

export interface Piece {
  readonly size: number;
  /** What is sent besides: before it by a ghost, or after it as a repetition. */
  readonly twin: (typeof TWINS)[number];
}

/** Where nothing is compared and set, ghosts are honest, and who comes second is late. */
export async function applyByPlan(
  store: ReadStore,
  parts: {
    readonly events: readonly EventChanges[];
    readonly plan: readonly Piece[];
    readonly epoch: number;
    readonly comparesAndSets: boolean;
  },
): Promise<void> {
  const { events, plan, epoch, comparesAndSets } = parts;
  const outcomes = comparesAndSets ? ["applied"] : ["applied", "behind"];
  let from = 0;
  for (const { size, twin } of [...plan, { size: events.length, twin: "none" }]) {
    const piece = events.slice(from, from + size);
    if (piece.length === 0) return;
    const wrong = comparesAndSets ? piece.map(disturbed) : piece;
    if (twin === "ghost") await store.apply(batchOf(wrong, { epoch: epoch - 1 }));
    expect(await store.apply(batchOf(piece, { epoch }))).to.be.oneOf(outcomes);
    if (twin === "repeat") await store.apply(batchOf(wrong, { epoch }));
    from += size;
  }
}

/** How far the sample's partition is. */
export async function nextOf(store: ReadStore): Promise<number> {
  return (await store.checkpoints()).get(PARTITION)?.next ?? 0;
}

/**
 * Where rows must be right after a writer was killed at `from`: there, or after the batch in which
 * it broke off was sent again.
 */
export async function settled(
  store: ReadStore,
  parts: {
    readonly isAtomic: boolean;
    readonly events: readonly EventChanges[];
    readonly from: number;
    readonly size: number;
  },
): Promise<number> {
  const { isAtomic, events, from, size } = parts;
  const piece = events.slice(from, from + size);
  if (isAtomic || piece.length === 0) return from;
  const { epoch } = await store.take(PARTITION, LOG_ID);
  expect(await store.apply(batchOf(piece, { epoch }))).to.equal("applied");
  return from + piece.length;
}

/** The same event with other content, so that applying it would be seen. */
export function disturbed({ position, changes }: EventChanges): EventChanges {
  const wrong = { table: "entries", row: { stream: "ghost", sequence: position, amount: "666" } };
  return { position, changes: [...changes, wrong] };
}

export function withOwners(
  events: readonly EventChanges[],
  prefix: string,
): readonly EventChanges[] {
  return events.map(({ position, changes }) => ({
    position,
    changes: changes.map((change) => {
      const name = change.table === "entries" ? "stream" : "owner";
      return { ...change, row: { ...change.row, [name]: `${prefix}${change.row[name]}` } };
    }),
  }));
}

/** The error that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was not rejected");
}
