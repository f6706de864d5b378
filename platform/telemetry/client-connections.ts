import { threadId } from "node:worker_threads";
import { clientConnections } from "./metrics.ts";
import { type ConnectionReport, listen, report } from "./thread-reports.ts";

type Connections = Pick<ConnectionReport, "busy" | "idle" | "waiting">;

const LOOK_EVERY_MS = 1_000;
/** A client that has said nothing for so long has ended with its thread. */
const SILENT_AFTER_MS = 5_000;
const STATES = ["busy", "idle", "waiting"] as const;

const told = new Map<string, { readonly report: ConnectionReport; readonly atMs: number }>();
let clients = 0;

/** Shows a client's connections in `/metrics` until what is given back is called. */
export function showConnections(server: string, look: () => Connections): () => void {
  clients += 1;
  const client = `${threadId}/${clients}`;
  const tell = () => report({ type: "connections", client, server, ...look() });
  const timer = setInterval(tell, LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** The main thread's: sums what the clients of all threads have told. */
export function collectConnections(): void {
  listen("connections", (one) => {
    told.set(one.client, { report: one, atMs: performance.now() });
  });
}

/** Called before the gauge is read. */
export function updateConnections(): void {
  clientConnections.reset();
  for (const [client, { report: one, atMs }] of told) {
    if (performance.now() - atMs > SILENT_AFTER_MS) told.delete(client);
    else
      for (const state of STATES) clientConnections.inc({ server: one.server, state }, one[state]);
  }
}
