import { expect } from "chai";
import { type FollowEdges, pageRank } from "./influence.ts";

/** Of the edges B→A, C→A, D→A, C→B, D→C, computed by programs that share nothing with this one. */
const EDGES = {
  traders: 4,
  from: Uint32Array.of(1, 2, 3, 2, 3),
  to: Uint32Array.of(0, 0, 0, 1, 2),
};
const DIGITS = 10;

/** All rounds without a pause. */
function ranksOf(edges: FollowEdges, convention: "normalised" | "gds"): Float64Array {
  const rounds = pageRank(edges, convention);
  for (;;) {
    const { done, value } = rounds.next();
    if (done === true) return value;
  }
}

describe("influence", () => {
  it("sums to 1 where it is normalised, and is the reference's to the digit", () => {
    const ranks = [...ranksOf(EDGES, "normalised")];
    const shown = ranks.map((rank) => rank.toFixed(DIGITS));
    const expected = ["0.4572302668", "0.2162157613", "0.1918925402", "0.1346614317"];
    expect(shown).to.deep.equal(expected);
    expect(ranks.reduce((sum, rank) => sum + rank, 0)).to.be.closeTo(1, 1e-12);
  });

  it("is the reference's by the convention of GDS", () => {
    const shown = [...ranksOf(EDGES, "gds")].map((rank) => rank.toFixed(DIGITS));
    expect(shown).to.deep.equal(["0.5093109375", "0.2408437500", "0.2137500000", "0.1500000000"]);
  });

  it("is nothing of nobody, and even among strangers", () => {
    const none = new Uint32Array();
    expect([...ranksOf({ traders: 0, from: none, to: none }, "normalised")]).to.deep.equal([]);
    const even = [...ranksOf({ traders: 2, from: none, to: none }, "normalised")];
    expect(even).to.deep.equal([0.5, 0.5]);
  });
});
