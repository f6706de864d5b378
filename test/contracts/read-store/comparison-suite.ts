import { expect } from "chai";
import { Gates } from "../../../projections/runner/gate.ts";
import type { Row, Value } from "../../../projections/runner/projection.ts";
import type { ReadStore } from "../../../projections/runner/read-store.ts";
import { compareGenerations } from "../../../projections/verification/compare-generations.ts";
import { rowsAt } from "../../../projections/verification/rows-at.ts";
import { batchOf, readRows, rowsAfter, sampleEvents, tables } from "./sample-projection.ts";

const EVENTS = 120;

/** What two generations in a store must let be found out of them; `taken`: a new one. */
export function comparisonContract(taken: () => Promise<ReadStore>): void {
  describe("compared with another generation", () => {
    const events = sampleEvents(21, EVENTS);

    /** Batches of so many events. */
    async function filled(size: number): Promise<ReadStore> {
      const store = await taken();
      for (let i = 0; i < EVENTS; i += size) await store.apply(batchOf(events.slice(i, i + size)));
      return store;
    }

    function compare(live: ReadStore, built: ReadStore) {
      const { signal } = new AbortController();
      const parts = { live, built, tables, gates: new Gates(), mayStand: false, signal };
      return compareGenerations(parts);
    }

    function change(store: ReadStore, name: string) {
      const others = { count: 1, balance: "1", ratio: 1, open: true, document: "{}" };
      const row: Row = { owner: "Zoë", number: 2, name, ...others };
      return store.apply(batchOf([{ position: EVENTS, changes: [{ table: "accounts", row }] }]));
    }

    it("is equal however its batches were cut, and one row that differs is named", async () => {
      const [live, built] = [await filled(40), await filled(7)];
      const found = await compare(live, built);
      expect(found).to.include({ outcome: "equal", rechecked: 0 });
      expect(found).to.have.deep.nested.property("tables[0].table", "accounts");
      const { length: rows } = rowsAfter("accounts", events);
      expect(found).to.have.nested.property("tables[0].rows", rows);
      await change(live, "right");
      await change(built, "wrong");
      const different = await compare(live, built);
      expect(different).to.include({ outcome: "different", differingRows: 1 });
      expect(different).to.have.nested.property("differences[0].key", '["Zoë",2]');
    });

    it("has its rows looked up one by one, and read a few at once", async () => {
      const store = await filled(40);
      const rows = await readRows(store, "accounts");
      const keys = rows.map(({ row }) => [row["owner"], row["number"]] as Value[]);
      expect(await Array.fromAsync(store.rows("accounts", undefined, 2))).to.deep.equal(rows);
      const nobody = ["nobody", 7];
      for (const count of [3, rows.length]) {
        const asked = [nobody, ...keys.slice(0, count)];
        const found = await rowsAt(store, "accounts", { table: tables.accounts, keys: asked });
        const plain = found.map((one) => one && { ...one, first: undefined });
        const expected = rows.slice(0, count).map((one) => ({ ...one, first: undefined }));
        expect(plain).to.deep.equal([null, ...expected]);
      }
    });
  });
}
