import { expect } from "chai";
import type { ReadStore } from "../../../projections/runner/read-store.ts";
import { printedSeed } from "../log/seed.ts";
import {
  allRows,
  allRowsAfter,
  batchOf,
  LOG_ID,
  PARTITION,
  sampleEvents,
} from "./sample-projection.ts";

/** Indexes that a build leaves for its end, on every adapter. */
export function indexContract(
  newAddress: () => string,
  open: (address: string) => ReadStore,
): void {
  it("may have its indexes made later, by whoever goes on with the build, and more than once", async () => {
    const events = sampleEvents(printedSeed(), 60);
    const address = newAddress();
    const before = open(address);
    await before.create({ indexesLater: true });
    const { epoch } = await before.take(PARTITION, LOG_ID);
    expect(await before.apply(batchOf(events.slice(0, 40), { epoch }))).to.equal("applied");
    await before.close();
    const store = open(address);
    await store.create({ indexesLater: true });
    const { epoch: later } = await store.take(PARTITION, LOG_ID);
    for (let times = 0; times < 2; times += 1) await store.makeIndexes?.();
    expect(await store.apply(batchOf(events.slice(40), { epoch: later }))).to.equal("applied");
    expect(await allRows(store)).to.deep.equal(allRowsAfter(events));
  });
}
