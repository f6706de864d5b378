import { expect } from "chai";
import { layOut } from "./graph-layout.ts";

const nodes = ["a", "b", "c", "d", "e", "f"];
const edges = [
  ["a", "b"],
  ["b", "c"],
  ["c", "a"],
  ["d", "e"],
] as const;

describe("a graph's layout", () => {
  const places = layOut({ nodes, edges });

  function distance(one: string, two: string): number {
    const [a, b] = [places.get(one), places.get(two)];
    if (!a || !b) throw new Error(`${one} or ${two} has no place`);
    return Math.hypot(a.x - b.x, a.y - b.y);
  }

  it("is the same for the same graph, in whatever order it comes", () => {
    const other = layOut({ nodes: nodes.toReversed(), edges });
    expect([...other]).to.deep.equal([...places]);
  });

  it("brings those who are related nearer to each other than to strangers", () => {
    expect(distance("a", "b")).to.be.below(distance("a", "d"));
    expect(distance("d", "e")).to.be.below(distance("d", "c"));
  });

  it("keeps everybody apart and in sight", () => {
    for (const one of nodes) {
      for (const two of nodes) if (one < two) expect(distance(one, two)).to.be.within(0.05, 5);
    }
  });

  it("takes graphs of nobody, of one, and relations to strangers", () => {
    expect(layOut({ nodes: [], edges: [] }).size).to.equal(0);
    expect(
      layOut({
        nodes: ["a"],
        edges: [
          ["a", "a"],
          ["a", "gone"],
        ],
      }).size,
    ).to.equal(1);
  });
});
