import { BroadcastChannel, isMainThread } from "node:worker_threads";
import { clientRequestDurationSeconds, clientRequestsTotal, traceSpansTotal } from "./metrics.ts";

/**
 * What is counted in worker threads for `/metrics`, which the main thread serves: it is told once a
 * second, over a channel that only this process's threads hear.
 */

/** A request to a server has come to its end. */
interface RequestReport {
  readonly type: "request";
  readonly server: string;
  readonly operation: string;
  readonly outcome: string;
  readonly seconds: number;
}

/** `dropped`: the queue was full; `failed`: the collector did not take them, for that reason. */
interface SpanReport {
  readonly type: "spans";
  readonly outcome: "exported" | "failed" | "dropped";
  readonly count: number;
  readonly reason?: string;
}

/** The connections of one client now; `waiting`: who waits for one. */
export interface ConnectionReport {
  readonly type: "connections";
  /** Of this process's clients, which one. */
  readonly client: string;
  readonly server: string;
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
}

type Report = RequestReport | SpanReport | ConnectionReport;

const CHANNEL = "cipherhorizon thread reports";
const TELL_EVERY_MS = 1_000;
/** So many are not kept back until then. */
const REPORTS_TOLD_AT_ONCE = 1_000;

let kept: Report[] = [];
let timer: NodeJS.Timeout | null = null;
let channel: BroadcastChannel | null = null;
const listeners = {
  spans: (_report: SpanReport): void => undefined,
  connections: (_report: ConnectionReport): void => undefined,
};

/** In the main thread it counts at once. */
export function report(one: Report): void {
  if (isMainThread) {
    take(one);
    return;
  }
  kept.push(one);
  if (kept.length >= REPORTS_TOLD_AT_ONCE) tellMainThread();
  timer ??= setTimeout(tellMainThread, TELL_EVERY_MS).unref();
}

/** What was counted since; a thread that ends tells it as its last words. */
export function tellMainThread(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  if (isMainThread || kept.length === 0) return;
  openChannel().postMessage(kept);
  kept = [];
}

/** The main thread counts for the others from now on; harmless when repeated. */
export function hearThreads(): void {
  openChannel().onmessage = (event) => {
    for (const one of (event as unknown as { readonly data: readonly Report[] }).data) take(one);
  };
}

/** Told of each report of the kind, of whichever thread. */
export function listen<Kind extends keyof typeof listeners>(
  kind: Kind,
  listener: (typeof listeners)[Kind],
): void {
  listeners[kind] = listener;
}

function take(one: Report): void {
  switch (one.type) {
    case "request": {
      const { server, operation, outcome, seconds } = one;
      clientRequestsTotal.inc({ server, operation, outcome });
      clientRequestDurationSeconds.observe({ server, operation }, seconds);
      return;
    }
    case "spans":
      traceSpansTotal.inc({ outcome: one.outcome }, one.count);
      listeners.spans(one);
      return;
    case "connections":
      listeners.connections(one);
      return;
  }
}

/** It keeps no process running. */
function openChannel(): BroadcastChannel {
  if (channel !== null) return channel;
  channel = new BroadcastChannel(CHANNEL);
  channel.unref();
  return channel;
}
