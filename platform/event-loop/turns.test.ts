import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { Turn } from "./turns.ts";

describe("the turns of the event loop", () => {
  it("are given to one after another, first come, first served", async () => {
    const seen: string[] = [];
    const work = async (name: string) => {
      const turn = await Turn.take();
      seen.push(`${name}1`);
      await turn.next();
      seen.push(`${name}2`);
    };
    await Promise.all([work("a"), work("b"), work("c")]);
    expect(seen).to.deep.equal(["a1", "b1", "c1", "a2", "b2", "c2"]);
  });

  it("leave room for everybody else between two of them", async () => {
    const seen: string[] = [];
    let isDone = false;
    const others = async () => {
      while (!isDone) {
        await nextTurn();
        seen.push("others");
      }
    };
    const work = async () => {
      await Turn.take();
      seen.push("work");
    };
    const watching = others();
    await Promise.all([work(), work(), work()]);
    isDone = true;
    await watching;
    expect(seen.join(" ")).to.not.contain("work work");
  });

  it("are over after a few milliseconds, and the next one begins anew", async () => {
    const turn = await Turn.take();
    const begunMs = performance.now();
    while (!turn.isOver) expect(performance.now() - begunMs).to.be.below(1_000);
    expect(performance.now() - begunMs).to.be.above(1);
    await turn.next();
    expect(turn.isOver).to.equal(false);
  });
});
