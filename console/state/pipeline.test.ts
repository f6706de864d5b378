import { expect } from "chai";
import { parseMetrics } from "../api/metrics-text.ts";
import type { Projection } from "../api/projections.ts";
import { rateOf, ratesOf, readPipeline } from "./pipeline.ts";

function projection(next: number, gap: number): Projection {
  const generation = {
    generation: 1,
    version: 1,
    phase: "live",
    startedAt: "2026-01-01T00:00:00.000Z",
    verified: false,
    difference: null,
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
