import { expect } from "chai";
import { parseMetrics } from "../api/metrics-text.ts";
import type { Generation, Projection } from "../api/projections.ts";
import { positionRateOf, rateOf, ratesOf, readPipeline } from "./pipeline.ts";

function projection(next: number, gap: number): Projection {
  const generation = {
    generation: 1,
    version: 1,
    phase: "live",
    startedAt: "2026-01-01T00:00:00.000Z",
    verified: false,
    difference: null,
    comparison: null,
    position: { "a.events/0": next },
    gapEvents: gap,
    gapEventsByPartition: { "a.events/0": gap },
    fedBy: null,
  };
  return { name: "a", paused: false, generations: [generation] };
}

function reading(atMs: number, { commands, end }: { commands: number; end: number }) {
  return readPipeline(atMs, [projection(end, 0)], parseMetrics(`commands_total ${commands}`));
}

describe("the pipeline's readings", () => {
  it("count the log's records once, however many projections read them and how far", () => {
    const { records } = readPipeline(0, [projection(10, 5), projection(15, 0)], []);
    expect(records).to.equal(15);
  });

  it("give rates over the last seconds", () => {
    const readings = [0, 1, 2, 9, 10].map((second) => {
      return reading(second * 1000, { commands: second * second, end: second * 10 });
    });
    expect(rateOf(readings, "commands")).to.equal(19);
    expect(rateOf(readings, "records")).to.equal(10);
    expect(ratesOf(readings, "records").map(({ perSecond }) => perSecond)).to.deep.equal([
      10, 10, 10, 10,
    ]);
  });

  it("give the rates of what is being built, of a partition and of all", () => {
    const building = (positions: Record<string, number>) => {
      const { generations, ...one } = projection(0, 0);
      const [live] = generations as [Generation];
      const build = { ...live, generation: 2, phase: "building", position: positions };
      return { ...one, generations: [live, build] };
    };
    const readings = [
      readPipeline(0, [projection(0, 0)], []),
      readPipeline(1_000, [building({ "a.events/0": 10, "a.events/1": 0 })], []),
      readPipeline(3_000, [building({ "a.events/0": 50, "a.events/1": 20 })], []),
    ];
    const of = { name: "a", generation: 2 };
    expect(positionRateOf(readings, of, "a.events/0")).to.equal(20);
    expect(positionRateOf(readings, of, null)).to.equal(30);
    expect(positionRateOf(readings, { name: "a", generation: 1 }, null)).to.equal(null);
  });

  it("say nothing where another process counts, before a second one, or after a restart", () => {
    const [one, two] = [
      reading(0, { commands: 9, end: 9 }),
      reading(1000, { commands: 1, end: 9 }),
    ];
    expect(rateOf([one], "commands")).to.equal(null);
    expect(rateOf([one, two], "commands")).to.equal(null);
    expect(rateOf([readPipeline(0, [], []), readPipeline(1, [], [])], "commands")).to.equal(null);
  });
});
