import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { CollectedSpan, Collector, Trace } from "./collector.ts";
import { HAPPENS_WITHIN_MS, type ThreeProcesses } from "./processes.ts";

const COMMAND = "POST /v1/portfolios/{id}/deposit-funds";
const QUERY = "GET /v1/portfolios/{id}/holdings";

export interface Servers {
  /** As spans name them. */
  readonly log: string;
  readonly store: string;
}

/** What a client sends along to begin a trace. */
export function newTraceparent(flags: "00" | "01" = "01"): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-${flags}`;
}

export function partsOf(traceparent: string): {
  readonly traceId: string;
  readonly spanId: string;
} {
  const [, traceId = "", spanId = ""] = traceparent.split("-");
  return { traceId, spanId };
}

/** Deposits, and asks for what the deposit has come to, all in one trace. */
export async function tellStory(
  processes: ThreeProcesses,
  traceparent: string,
): Promise<readonly string[]> {
  const { traceId } = partsOf(traceparent);
  const id = `traced-${traceId.slice(0, 8)}`;
  const accepted = await processes.deposit(id, { traceparent });
  const token = accepted.headers.get("consistency-token") ?? "";
  const headers = { traceparent, "Consistency-Token": token, Prefer: "wait=30" };
  const answered = await processes.query(`portfolios/${id}/holdings`, headers);
  return [accepted, answered].map((one) => one.headers.get("traceparent") ?? "");
}

/** One trace of three processes, each span under the one that it must be under. */
export async function findWholeTrace(
  collector: Collector,
  processes: ThreeProcesses,
  servers: Servers,
): Promise<Trace> {
  const traceparent = newTraceparent();
  const { traceId, spanId } = partsOf(traceparent);
  const told = await tellStory(processes, traceparent);
  const trace = await collector.trace(traceId, { isWhole, withinMs: HAPPENS_WITHIN_MS });
  const [command, decide, send] = [COMMAND, "decide DepositFunds", "send portfolio.events"].map(
    (name) => trace.the(name),
  ) as [CollectedSpan, CollectedSpan, CollectedSpan];
  const [query, read] = [trace.the(QUERY), trace.the("read portfolios")];
  const process = trace.the("process portfolios");
  const apply = trace.the("apply portfolios");

  expect(told.map((one) => partsOf(one).spanId)).to.deep.equal([command.spanId, query.spanId]);
  expect(under(command, spanId)).to.deep.equal(["cipherhorizon-command-side", "server", true]);
  expect(under(decide, command.spanId)).to.deep.equal([
    ...["cipherhorizon-command-side", "internal", true],
  ]);
  expect(under(send, decide.spanId)).to.deep.equal([
    ...["cipherhorizon-command-side", "producer", true],
  ]);
  expect(under(process, decide.spanId)).to.deep.equal([
    ...["cipherhorizon-projections", "consumer", true],
  ]);
  expect(under(apply, process.spanId)).to.deep.equal(["cipherhorizon-projections", "client", true]);
  expect(under(query, spanId)).to.deep.equal(["cipherhorizon-query-api", "server", true]);
  expect(under(read, query.spanId)).to.deep.equal(["cipherhorizon-query-api", "client", true]);
  expect(under(trace.the("wait for portfolios"), query.spanId)[2]).to.equal(true);

  expect(send.attributes["messaging.system"]).to.equal(servers.log);
  expect(apply.attributes["db.system.name"]).to.equal(servers.store);
  expect(read.attributes["db.system.name"]).to.equal(servers.store);
  expect(process.thread).to.match(/^portfolios generation \d+$/);
  for (const { traceId: one, startNs, endNs, failed } of trace.spans) {
    expect([one, startNs <= endNs, failed]).to.deep.equal([traceId, true, false]);
  }
  expect(startsInOrder([command, decide, send, process, apply])).to.equal(true);
  return trace;
}

function isWhole(trace: Trace): boolean {
  const writing = [COMMAND, "decide DepositFunds", "send portfolio.events"];
  return trace.has(...writing, "process portfolios", "apply portfolios", QUERY, "read portfolios");
}

function under({ service, kind, parentSpanId }: CollectedSpan, parent: string) {
  return [service, kind, parentSpanId === parent];
}

/** The clock of a machine's processes is one; clocks of machines are not. */
function startsInOrder(spans: readonly CollectedSpan[]): boolean {
  return spans.every((span, i) => span.startNs >= (spans[i - 1]?.startNs ?? 0n));
}
