import { expect } from "chai";
import { freePort } from "./real/free-port.ts";
import { Collector } from "./tracing/collector.ts";
import { type Part, ThreeProcesses, until } from "./tracing/processes.ts";
import { findWholeTrace, newTraceparent, partsOf, tellStory } from "./tracing/whole-trace.ts";

describe("a trace through three processes", function suite(this: Mocha.Suite) {
  this.timeout(900_000);
  let collector: Collector | null = null;
  let processes: ThreeProcesses;

  beforeEach(() => {
    processes = new ThreeProcesses();
  });
  afterEach(async () => {
    const exitCodes = await processes.stop();
    await collector?.stop();
    collector = null;
    expect(exitCodes.every((code) => code === 0)).to.equal(true);
  });

  it("joins route, owner, log, projector, store and query", async () => {
    collector = await Collector.start();
    await processes.start({ CH_OTLP_URL: collector.url });
    const trace = await findWholeTrace(collector, processes, { log: "sqlite", store: "sqlite" });
    const commit = trace.the("commit log.db");
    expect(commit.thread).to.equal("log writer");
    expect(commit.parentSpanId).to.equal(trace.the("send portfolio.events").spanId);
    expect(collector.faults).to.deep.equal([]);
  });

  it("is lost where the collector is dead, counted, and harms nobody; it comes back", async () => {
    const port = await freePort();
    await processes.start({ CH_OTLP_URL: `http://127.0.0.1:${port}` });
    await tellStory(processes, newTraceparent());
    for (const part of ["command-side", "projections", "query-api"] as const) {
      await until(async () => (await spansOf(part, "failed")) > 0);
      expect(processes.stderr(part).match(/takes no spans/g), part).to.have.length(1);
    }
    const applied = 'client_requests_total{server="sqlite",operation="apply",outcome="applied"}';
    expect(await figure("projections", applied), "told by its threads").to.be.above(0);
    const read = 'client_requests_total{server="sqlite",operation="read",outcome="ok"}';
    expect(await figure("query-api", read)).to.be.above(0);

    collector = await Collector.start(port);
    const unwanted = newTraceparent("00");
    await tellStory(processes, unwanted);
    await findWholeTrace(collector, processes, { log: "sqlite", store: "sqlite" });
    const { traceId } = partsOf(unwanted);
    expect(collector.spans.filter((span) => span.traceId === traceId)).to.deep.equal([]);
    await until(async () => (await spansOf("projections", "exported")) > 0);
  });

  async function figure(part: Part, series: string): Promise<number> {
    const lines = (await processes.metrics(part)).split("\n");
    const line = lines.find((one) => one.startsWith(series)) ?? "";
    return Number(line.slice(series.length) || 0);
  }

  function spansOf(part: Part, outcome: string): Promise<number> {
    return figure(part, `trace_spans_total{outcome="${outcome}"}`);
  }
});
