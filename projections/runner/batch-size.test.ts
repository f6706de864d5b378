import { expect } from "chai";
import { BatchSize } from "./batch-size.ts";

/** How many records it takes at last, of a store that needs so long for a batch of so many. */
function settled(
  writeMs: (records: number) => number,
  { isFull = true, isSlowed = false, takesLongBatches = true },
): number {
  const size = new BatchSize({ takesLongBatches });
  for (let batch = 0; batch < 20; batch += 1) {
    size.wrote(writeMs(size.limits.maxRecords), { isFull, isSlowed });
  }
  return size.limits.maxRecords;
}

describe("the size of a batch", () => {
  it("of a backlog is as large as may be where a batch is dear and its records are not", () => {
    expect(settled((records) => 300 + records / 100, {})).to.equal(8_192);
  });

  it("of a backlog takes half a second where its records are dear", () => {
    expect(settled((records) => records / 2, {})).to.be.within(900, 1_100);
  });

  it("of a backlog in this process leaves others their turn ten times as often", () => {
    expect(settled((records) => records / 20, { takesLongBatches: false })).to.be.within(
      900,
      1_100,
    );
  });

  it("of a backlog is short where a live generation lags because of it", () => {
    expect(settled((records) => records / 20, { isSlowed: true })).to.be.within(900, 1_100);
  });

  it("of a backlog is short again once somebody reads", () => {
    const size = new BatchSize({ takesLongBatches: true });
    const write = () => {
      const writeMs = size.limits.maxRecords / 20;
      size.wrote(writeMs, { isFull: true, isSlowed: false });
    };
    for (let batch = 0; batch < 20; batch += 1) write();
    expect(size.limits.maxRecords).to.equal(8_192);
    size.keepShort();
    for (let batch = 0; batch < 20; batch += 1) write();
    expect(size.limits.maxRecords).to.be.within(900, 1_100);
  });

  it("of who keeps up shrinks where a reader would notice, and never grows", () => {
    expect(settled((records) => records / 6, { isFull: false })).to.be.within(256, 320);
    expect(settled(() => 1, { isFull: false })).to.equal(512);
  });

  it("is never too small for the journeys that a batch costs", () => {
    expect(settled(() => 60_000, {})).to.equal(256);
  });
});
