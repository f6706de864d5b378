import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { compareKeys } from "../runner/key-order.ts";
import type { Value } from "../runner/projection.ts";
import { SqliteReadStore } from "../stores/sqlite/store.ts";
import { justBefore, rowsAt } from "./rows-at.ts";

const table = { key: { name: "text", number: "integer" }, columns: {} } as const;
const projection = { name: "keys", version: 1, tables: { keys: table } };
const PARTITION = "keys.events/0";

const text = fc
  .string({ unit: "binary", maxLength: 3 })
  .filter((one) => one.isWellFormed() && !one.includes("\u0000"));
const key = fc.tuple(
  fc.oneof(text, fc.constantFrom("", "a", "b", "\ue000", "\u{10000}")),
  fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -2, max: 2 })),
);

describe("the look-up of single rows", () => {
  it("begins before the key, and after every other key but the closest", () => {
    fc.assert(
      fc.property(key, (sought) => {
        const before = justBefore(sought);
        if (before === undefined) expect(sought[0]).to.equal("");
        else expect(compareKeys(before, sought)).to.be.below(0);
        if (sought[1] === Number.MIN_SAFE_INTEGER) return;
        expect(before).to.deep.equal([sought[0], sought[1] - 1]);
      }),
    );
    expect(justBefore(["p-105"])).to.deep.equal(["p-104\u{10ffff}"]);
    expect(justBefore(["\ue000"])).to.deep.equal(["\ud7ff\u{10ffff}"]);
    expect(justBefore([""])).to.equal(undefined);
  });

  it("finds what is there, in the order asked for, and nothing else", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-keys-"));
    let number = 0;
    const keys = fc.uniqueArray(key, { maxLength: 150, selector: (one) => JSON.stringify(one) });
    await fc.assert(
      fc.asyncProperty(keys, keys, async (stored, sought) => {
        number += 1;
        const store = new SqliteReadStore({ file: join(folder, `${number}.db`), projection });
        await fill(store, stored);
        const found = await rowsAt(store, "keys", { table, keys: sought });
        const there = new Set(stored.map((one) => JSON.stringify(one)));
        const expected = sought.map((one) => (there.has(JSON.stringify(one)) ? one : null));
        expect(found.map((one) => one && [one.row["name"], one.row["number"]])).to.deep.equal(
          expected,
        );
        await store.drop();
      }),
      { numRuns: 40 },
    );
    rmSync(folder, { recursive: true });
  });
});

async function fill(store: SqliteReadStore, keys: readonly (readonly Value[])[]): Promise<void> {
  await store.create();
  await store.take(PARTITION, "log");
  const rows = keys.toSorted(compareKeys).map(([name = "", number = 0]) => ({ name, number }));
  await store.apply({
    ...{ partition: PARTITION, expected: 0, next: 1, epoch: 1, highestClaim: 0, recordedAtMs: 0 },
    changes: rows.map((row) => ({ table: "keys", row, position: 0 })),
    parked: [],
    released: [],
    causes: new Map(),
  });
}
