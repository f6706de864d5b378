import { setTimeout as sleep } from "node:timers/promises";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { expect } from "chai";
import { Collector } from "../../test/tracing/collector.ts";
import { BoundedSpans, WAITING_SPANS } from "./bounded-spans.ts";
import { traceSpansTotal } from "./metrics.ts";
import { OtlpTracing } from "./otlp-tracing.ts";
import { inSpan, isSampled, type Span, setTracing, tracing } from "./tracing.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNRECORDED = `${PARENT.slice(0, -2)}00`;
const TRACE_ID = PARENT.split("-")[1] ?? "";
/** More than there are requests to the collector. */
const RELEASES = 100;
const INTERNAL = { kind: "internal" } as const;

describe("tracing", () => {
  let collector: Collector;

  async function start(ratio = 1): Promise<OtlpTracing> {
    collector = await Collector.start();
    const traced = new OtlpTracing({
      url: collector.url,
      ratio,
      resource: { "service.name": "t" },
    });
    setTracing(traced);
    return traced;
  }

  afterEach(() => setTracing(null));

  it("makes no span where nothing is configured, and the work is done all the same", async () => {
    expect(tracing()).to.equal(null);
    const seen = await inSpan({ name: "a", ...INTERNAL, parent: null }, async (span) => span);
    expect(seen).to.equal(null);
  });

  it("joins spans across awaits, and to what another process has begun", async () => {
    const traced = await start();
    await inSpan({ name: "outer", ...INTERNAL, parent: PARENT, links: [PARENT] }, async () => {
      await sleep(1);
      await Promise.all([
        inSpan({ name: "one", ...INTERNAL }, async () => undefined),
        inSpan({ name: "other", ...INTERNAL }, async (span) => span?.set({ answer: 42 })),
      ]);
    });
    const failing = async () => {
      throw new Error("no");
    };
    await inSpan({ name: "failing", ...INTERNAL, parent: PARENT }, failing).catch(() => undefined);
    await traced.stop();
    const byName = new Map(collector.spans.map((span) => [span.name, span]));
    const outer = byName.get("outer");
    expect([...byName.keys()]).to.have.members(["outer", "one", "other", "failing"]);
    expect(collector.spans.every(({ traceId }) => traceId === TRACE_ID)).to.equal(true);
    expect([outer?.parentSpanId, outer?.links]).to.deep.equal([
      ...["b7ad6b7169203331", ["b7ad6b7169203331"]],
    ]);
    expect(byName.get("one")?.parentSpanId).to.equal(outer?.spanId);
    expect(byName.get("other")).to.deep.include({ failed: false, attributes: { answer: 42 } });
    expect(byName.get("failing")?.failed).to.equal(true);
    await collector.stop();
  });

  it("records what its beginner records, and of its own the part that is asked for", async () => {
    const traced = await start(0);
    await inSpan({ name: "theirs", ...INTERNAL, parent: PARENT }, async () => undefined);
    await inSpan({ name: "not theirs", ...INTERNAL, parent: UNRECORDED }, async (span) => {
      expect(span).to.equal(null);
    });
    await inSpan({ name: "own", ...INTERNAL, parent: null }, async (span) => {
      expect(isSampled(span?.traceparent ?? null)).to.equal(false);
      await inSpan({ name: "within own", ...INTERNAL }, async (inner) => {
        expect(inner).to.equal(null);
      });
    });
    await inSpan({ name: "nobody's", ...INTERNAL }, async (span) => expect(span).to.equal(null));
    await traced.stop();
    expect(collector.spans.map(({ name }) => name)).to.deep.equal(["theirs"]);
    await collector.stop();
  });

  it("counts what a dead collector does not take, and ends in time", async () => {
    const traced = await start();
    await collector.stop();
    const before = await spansSoFar();
    (traced.begin({ name: "lost", ...INTERNAL, parent: null }) as Span).end();
    await traced.stop();
    const after = await spansSoFar();
    expect(after.failed - before.failed).to.equal(1);
    expect(after.exported - before.exported).to.equal(0);
  });

  it("keeps no more spans than its queue holds, and counts those it drops", async () => {
    let release = (): void => undefined;
    const slow: SpanExporter = {
      export: (_spans, tell) => {
        const before = release;
        release = () => {
          before();
          tell({ code: 0 });
        };
      },
      shutdown: async () => undefined,
    };
    const before = await spansSoFar();
    const queue = new BoundedSpans(slow);
    const span = { spanContext: () => ({ traceFlags: 1 }), resource: {} } as never;
    for (let i = 0; i < WAITING_SPANS + 100; i += 1) queue.onEnd(span);
    expect((await spansSoFar()).dropped - before.dropped).to.equal(100);
    const ending = queue.shutdown();
    for (let i = 0; i < RELEASES; i += 1) {
      await sleep(1);
      release();
      release = () => undefined;
    }
    await ending;
    expect((await spansSoFar()).exported - before.exported).to.equal(WAITING_SPANS);
  });
});

async function spansSoFar(): Promise<Record<"exported" | "failed" | "dropped", number>> {
  const { values } = await traceSpansTotal.get();
  const of = (outcome: string) => values.find((one) => one.labels.outcome === outcome)?.value ?? 0;
  return { exported: of("exported"), failed: of("failed"), dropped: of("dropped") };
}
