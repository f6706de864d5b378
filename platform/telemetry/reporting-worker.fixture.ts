/** A thread that asks a server twice, and a third time as its last words. */
import { parentPort } from "node:worker_threads";
import { showConnections } from "./client-connections.ts";
import { measuredRequest } from "./client-requests.ts";
import { endTelemetry } from "./start-tracing.ts";

const store = { server: "thread-store", operation: "read" };
const hide = showConnections("thread-store", () => ({ busy: 3, idle: 4, waiting: 5 }));
await measuredRequest(store, async () => 1);
await measuredRequest(store, async () => 2);
parentPort?.on("message", async () => {
  hide();
  await measuredRequest(store, async () => 3);
  await endTelemetry();
  parentPort?.close();
});
