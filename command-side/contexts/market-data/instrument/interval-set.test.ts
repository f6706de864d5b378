import { expect } from "chai";
import fc from "fast-check";
import { IntervalSet } from "./interval-set.ts";

describe("IntervalSet", () => {
  it("keeps numbers that rise by one as one interval", () => {
    const set = new IntervalSet(10);
    for (let id = 5; id < 1_000; id += 1) set.add(id);
    expect(set.intervals).to.equal(1);
    expect([4, 5, 999, 1_000].map((id) => set.has(id))).to.deep.equal([false, true, true, false]);
  });

  it("joins two intervals when the gap between them fills", () => {
    const set = new IntervalSet(10);
    for (const id of [1, 3, 2]) set.add(id);
    expect(set.intervals).to.equal(1);
  });

  it("closes the lowest gap when there would be too many intervals", () => {
    const set = new IntervalSet(3);
    for (const id of [10, 20, 30]) set.add(id);
    expect(set.horizon).to.equal(-1);
    set.add(40);
    expect(set.intervals).to.equal(3);
    expect(set.horizon).to.equal(19);
    set.add(5);
    expect(set.intervals).to.equal(3);
  });

  it("knows of every number above the horizon what a plain set knows", () => {
    const limit = fc.integer({ min: 1, max: 12 });
    const ids = fc.array(fc.nat({ max: 120 }), { maxLength: 200 });
    fc.assert(
      fc.property(limit, ids, (most, added) => {
        const set = new IntervalSet(most);
        const model = new Set<number>();
        for (const id of added) {
          set.add(id);
          if (id > set.horizon) model.add(id);
          expect(set.intervals).to.be.at.most(most);
        }
        for (let id = set.horizon + 1; id <= 121; id += 1) {
          expect(set.has(id), `${id}`).to.equal(model.has(id));
        }
      }),
    );
  });
});
