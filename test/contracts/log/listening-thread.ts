/** A thread that listens to a log: says `ready`, and then how often it was told of appends. */
import { parentPort, workerData } from "node:worker_threads";
import { type LogAdapterName, logAdapters } from "./adapters.ts";

const { adapter, address } = workerData as { adapter: LogAdapterName; address: string };
const log = await logAdapters[adapter].openReader(address);
let calls = 0;
log.onAppended(() => {
  calls += 1;
  parentPort?.postMessage(calls);
});
parentPort?.on("message", async () => {
  await log.close();
  parentPort?.close();
});
parentPort?.postMessage("ready");
