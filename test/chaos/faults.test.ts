import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { planFaults } from "./faults.ts";

const TARGETS = {
  processes: ["command-side-1", "command-side-2", "projections-1", "query-api"],
  servers: ["kafka-1", "postgres", "redis"],
};

const texts = (seed: number, rounds = 2) => {
  const faults = planFaults(createRandom(seed), TARGETS, rounds);
  return faults.map(({ kind, target }) => `${target}: ${kind}`);
};

describe("the plan of faults", () => {
  it("kills and pauses every process in each round, and restarts and kills every server", () => {
    const perProcess = ["process killed", "process paused"].flatMap((kind) => {
      return TARGETS.processes.flatMap((name) => [`${name}: ${kind}`, `${name}: ${kind}`]);
    });
    const perServer = ["server restarted", "server killed"].flatMap((kind) => {
      return TARGETS.servers.map((name) => `${name}: ${kind}`);
    });
    expect(texts(1)).to.have.members([...perProcess, ...perServer]);
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
