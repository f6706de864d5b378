import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { PlatformError } from "../errors/catalogue.ts";
import { collectConnections, updateConnections } from "./client-connections.ts";
import { measuredRequest } from "./client-requests.ts";
import { clientConnections, clientRequestDurationSeconds, clientRequestsTotal } from "./metrics.ts";
import { hearThreads } from "./thread-reports.ts";

const HEARD_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 50;

describe("requests to servers", () => {
  it("are counted by what came of them, and timed", async () => {
    const store = { server: "test-store", operation: "apply" };
    const before = await timed();
    await measuredRequest(store, async () => "fine");
    await measuredRequest({ ...store, outcomeOf: (answer) => answer }, async () => "behind");
    const unavailable = new PlatformError("STORE_UNAVAILABLE", "it does not answer");
    const kafka = Object.assign(new Error("moved"), { type: "NOT_LEADER_FOR_PARTITION" });
    for (const error of [unavailable, kafka, new TypeError("a defect")]) {
      const asked = measuredRequest(store, () => Promise.reject(error));
      expect(await asked.catch((thrown: unknown) => thrown)).to.equal(error);
    }
    expect(await outcomesOf("test-store")).to.deep.equal({
      ...{ ok: 1, behind: 1, STORE_UNAVAILABLE: 1, NOT_LEADER_FOR_PARTITION: 1, TypeError: 1 },
    });
    expect((await timed()) - before).to.equal(5);
  });

  it("of a thread are told to the main one, with its connections", async () => {
    hearThreads();
    collectConnections();
    const worker = new Worker(new URL("./reporting-worker.fixture.ts", import.meta.url));
    await until(async () => (await outcomesOf("thread-store"))["ok"] === 2);
    await until(async () => {
      updateConnections();
      return (await connectionsOf("thread-store", "busy")) === 3;
    });
    expect(await connectionsOf("thread-store", "waiting")).to.equal(5);
    worker.postMessage("end");
    await once(worker, "exit");
    await until(async () => (await outcomesOf("thread-store"))["ok"] === 3);
    await until(async () => {
      updateConnections();
      return (await connectionsOf("thread-store", "busy")) === undefined;
    });
  });
});

async function outcomesOf(server: string): Promise<Record<string, number>> {
  const { values } = await clientRequestsTotal.get();
  const own = values.filter(({ labels }) => labels.server === server);
  return Object.fromEntries(own.map(({ labels, value }) => [String(labels.outcome), value]));
}

async function timed(): Promise<number> {
  const { values } = await clientRequestDurationSeconds.get();
  const count = values.find(({ metricName, labels }) => {
    return metricName?.endsWith("_count") && labels.server === "test-store";
  });
  return count?.value ?? 0;
}

async function connectionsOf(server: string, state: string): Promise<number | undefined> {
  const { values } = await clientConnections.get();
  return values.find(({ labels }) => labels.server === server && labels.state === state)?.value;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HEARD_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${HEARD_WITHIN_MS} ms: ${isSo}`);
    await sleep(LOOK_EVERY_MS);
  }
}
