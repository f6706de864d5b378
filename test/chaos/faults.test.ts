import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { planFaults } from "./faults.ts";
import { MOMENTS } from "./rebuilds.ts";

const PARTS = [["command-side-1", "command-side-2"], ["projections-1"], ["query-api"]];
const TARGETS = {
  parts: PARTS,
  servers: ["kafka-1", "postgres", "redis"],
};

const plan = (seed: number) => planFaults(createRandom(seed), TARGETS);
const texts = (seed: number) => plan(seed).map(({ kind, target }) => `${target}: ${kind}`);

describe("the plan of faults", () => {
  it("kills one of each part, and every server, in every moment of a rebuild", () => {
    for (const moment of MOMENTS) {
      const now = plan(1).filter((one) => one.moment === moment);
      const killed = (kind: string) => {
        return now.filter((one) => one.kind === kind).map(({ target }) => target);
      };
      expect(killed("server killed")).to.have.members(TARGETS.servers);
      const processes = killed("process killed");
      expect(
        processes.map((name) => PARTS.findIndex((part) => part.includes(name))),
      ).to.have.members([0, 1, 2]);
    }
  });

  it("has every process killed and paused, and every server restarted", () => {
    const wanted = PARTS.flat().flatMap((name) => [
      `${name}: process killed`,
      `${name}: process paused`,
    ]);
    const restarted = TARGETS.servers.map((name) => `${name}: server restarted`);
    expect(texts(1)).to.include.members([...wanted, ...restarted]);
  });

  it("has one of each kind among the first four, so that a sample has them, too", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const kinds = texts(seed).map((text) => text.split(": ")[1]);
      expect(new Set(kinds.slice(0, 4)).size, `seed ${seed}`).to.equal(4);
    }
  });

  it("is the same for the same seed, and another for another", () => {
    expect(texts(7)).to.deep.equal(texts(7));
    expect(texts(7)).to.not.deep.equal(texts(8));
  });
});
