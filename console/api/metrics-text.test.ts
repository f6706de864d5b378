import { expect } from "chai";
import { parseMetrics, sumOf } from "./metrics-text.ts";

const TEXT = `# HELP commands_total Commands by their outcome.
# TYPE commands_total counter
commands_total{context="portfolio",type="DepositFunds",outcome="accepted"} 8
commands_total{context="portfolio",type="DepositFunds",outcome="refused"} 2
stream_subscribers 3
odd{said="a \\"b\\" {c}"} 1.5e3
`;

describe("the metrics' text", () => {
  const samples = parseMetrics(TEXT);

  it("is read sample by sample, comments left out", () => {
    expect(samples).to.have.length(4);
    expect(samples.at(-1)).to.deep.include({ name: "odd", value: 1_500 });
    expect(samples.at(-1)?.labels).to.deep.equal({ said: 'a \\"b\\" {c}' });
  });

  it("is summed over the series that carry the labels", () => {
    expect(sumOf(samples, "commands_total")).to.equal(10);
    expect(sumOf(samples, "commands_total", { outcome: "accepted" })).to.equal(8);
    expect(sumOf(samples, "stream_subscribers")).to.equal(3);
  });

  it("of another process is no zero", () => {
    expect(sumOf(samples, "commands_total", { context: "risk" })).to.equal(null);
  });
});
