import { expect } from "chai";
import fc from "fast-check";
import { v4 } from "uuid";
import { CommandWindow, WINDOW_MILLISECONDS } from "./command-window.ts";

describe("the window of command ids", () => {
  it("finds what was added and nothing else", () => {
    const window = new CommandWindow();
    const ids = Array.from({ length: 5000 }, () => v4());
    for (const [index, id] of ids.entries()) window.add(id, index, 0);
    for (const [index, id] of ids.entries()) expect(window.positionOf(id)).to.equal(index);
    expect(window.positionOf(v4())).to.equal(null);
  });

  it("forgets commands older than a day", () => {
    const window = new CommandWindow();
    const [old, young] = [v4(), v4()];
    window.add(old, 1, 0);
    window.add(young, 2, WINDOW_MILLISECONDS);
    expect(window.positionOf(old)).to.equal(1);
    window.add(v4(), 3, WINDOW_MILLISECONDS + 1);
    expect(window.positionOf(old)).to.equal(null);
    expect(window.positionOf(young)).to.equal(2);
    expect(window.ageMilliseconds(WINDOW_MILLISECONDS + 5)).to.equal(5);
  });

  it("behaves as a bounded map whatever the order of additions", () => {
    const limit = 7;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 300 }), (picks) => {
        const pool = Array.from({ length: 41 }, (_, i) => idOf(i));
        const window = new CommandWindow(limit);
        const model: { id: string; position: number }[] = [];
        picks.forEach((pick, position) => {
          const id = pool[pick] as string;
          if (model.some((one) => one.id === id)) return;
          window.add(id, position, position);
          model.push({ id, position });
          if (model.length > limit) model.shift();
        });
        expect([...window.ids()]).to.deep.equal(model.map((one) => one.id));
        for (const id of pool) {
          const known = model.find((one) => one.id === id);
          expect(window.positionOf(id)).to.equal(known?.position ?? null);
        }
      }),
    );
  });

  it("is given away in pieces that make the same window again", () => {
    const some = { additions: fc.nat({ max: 60 }), size: fc.integer({ min: 1, max: 9 }) };
    fc.assert(
      fc.property(fc.record(some), ({ additions, size }) => {
        const [window, copy] = [new CommandWindow(20), new CommandWindow(20)];
        for (let i = 0; i < additions; i += 1) window.add(idOf(i), i, i);
        for (let from = 0; from < additions; from += size) {
          copy.restore(window.piece(from, from + size));
        }
        expect([...copy.ids()]).to.deep.equal([...window.ids()]);
        for (const id of window.ids()) expect(copy.positionOf(id)).to.equal(window.positionOf(id));
        expect(copy.ageMilliseconds(100)).to.equal(window.ageMilliseconds(100));
      }),
    );
  });
});

function idOf(index: number): string {
  return `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`;
}
