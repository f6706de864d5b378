import { expect } from "chai";
import fc from "fast-check";
import type { EventChanges } from "../../../projections/runner/compact.ts";
import type { ReadStore, RowOrigin } from "../../../projections/runner/read-store.ts";
import { printedSeed } from "../log/seed.ts";
import { applyByPlan, rejection, TWINS } from "./disturbances.ts";
import { sameRows } from "./killed-child.ts";
import {
  allRows,
  allRowsAfter,
  batchOf,
  LOG_ID,
  originsAfter,
  PARTITION,
  readOrigins,
  sampleEvents,
} from "./sample-projection.ts";

const KEY = { owner: "a", number: 0 };
const COLUMNS = { name: null, count: null, balance: "1", ratio: 0.5, open: true, document: null };

/** How a row knows the span of the log that made it, on every adapter. */
export function originContract(
  taken: () => Promise<ReadStore>,
  { comparesAndSets }: { readonly comparesAndSets: boolean },
): void {
  describe("where a row began", () => {
    let store: ReadStore;

    beforeEach(async () => {
      store = await taken();
    });

    it("is where it was made, however often it changes, within a batch and after", async () => {
      await store.apply(batchOf([written(0), written(1)]));
      expect(await spanOfRow()).to.deep.equal([0, 1]);
      await store.apply(batchOf([written(2)]));
      expect(await spanOfRow()).to.deep.equal([0, 2]);
      await store.apply(batchOf([written(3), written(4)]));
      expect(await spanOfRow()).to.deep.equal([0, 4]);
    });

    it("is where it was made anew after it was deleted in a batch before", async () => {
      await store.apply(batchOf([written(0)]));
      await store.apply(batchOf([deleted(1)]));
      expect(await store.row("accounts", [KEY.owner, KEY.number])).to.equal(null);
      await store.apply(batchOf([written(2), written(3)]));
      expect(await spanOfRow()).to.deep.equal([2, 3]);
    });

    it("is where it was made anew after it was deleted in the same batch", async () => {
      await store.apply(batchOf([written(0)]));
      await store.apply(batchOf([written(1), deleted(2), written(3), written(4)]));
      expect(await spanOfRow()).to.deep.equal([3, 4]);
      await store.apply(batchOf([written(5)]));
      expect(await spanOfRow()).to.deep.equal([3, 5]);
      await store.apply(batchOf([deleted(6), written(7)]));
      expect(await spanOfRow()).to.deep.equal([7, 7]);
    });

    it("is where it stands of a row that never changes", async () => {
      const row = { stream: "s", sequence: 1, amount: "1.5" };
      const change = { table: "entries", row };
      await store.apply(batchOf([{ position: 0, changes: [] }]));
      await store.apply(batchOf([{ position: 1, changes: [change] }]));
      const origin = { row, partition: PARTITION, position: 1, first: 1 };
      expect(await store.row("entries", ["s", 1])).to.deep.equal(origin);
      expect(await store.row("entries", ["s", 2])).to.equal(null);
    });

    it("is asked for by every key that a row may have, and of no table that is not", async () => {
      const events = sampleEvents(17, 200);
      await store.apply(batchOf(events));
      await expectOrigins(store, events);
      const entries = originsAfter("entries", events);
      for (const entry of entries.filter((_, i) => i % 20 === 0)) {
        const { stream, sequence } = entry.row;
        const found = await store.row("entries", [stream ?? null, sequence ?? null]);
        expect(found).to.deep.equal(entry);
      }
      expect(await rejection(store.row("nothing", ["a"]))).to.be.instanceOf(RangeError);
    });

    it("is the same by any splits, repeats and ghosts", async () => {
      const seed = printedSeed();
      const size = fc.integer({ min: 1, max: 9 });
      const piece = fc.record({ size, twin: fc.constantFrom(...TWINS) });
      const property = fc.asyncProperty(fc.integer(), fc.array(piece), async (sample, plan) => {
        const one = await taken();
        const { epoch } = await one.take(PARTITION, LOG_ID);
        const events = sampleEvents(sample, 40);
        await applyByPlan(one, { events, plan, epoch, comparesAndSets });
        await expectOrigins(one, events);
      });
      await fc.assert(property, { seed, numRuns: 15 });
    });

    async function spanOfRow(): Promise<[number, number] | null> {
      const origin = await store.row("accounts", [KEY.owner, KEY.number]);
      return origin && spanOf(origin);
    }
  });
}

/** Each row of accounts is found by its key, and knows where it began. */
async function expectOrigins(store: ReadStore, events: readonly EventChanges[]): Promise<void> {
  expect(await readOrigins(store)).to.deep.equal(originsAfter("accounts", events));
}

/** The rows of both tables are those of the events, origins included. */
export async function expectAllOf(
  store: ReadStore,
  events: readonly EventChanges[],
): Promise<void> {
  const rows = await allRows(store);
  expect(sameRows(rows, allRowsAfter(events)), `at ${events.length}`).to.equal(true);
  await expectOrigins(store, events);
}

function spanOf({ first, position }: RowOrigin): [number, number] {
  return [first, position];
}

function written(position: number): EventChanges {
  const row = { ...KEY, ...COLUMNS, count: position };
  return { position, changes: [{ table: "accounts", row }] };
}

function deleted(position: number): EventChanges {
  return { position, changes: [{ table: "accounts", row: KEY, deleted: true }] };
}
