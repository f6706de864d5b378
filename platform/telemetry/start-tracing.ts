import { hostname } from "node:os";
import {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  threadId,
} from "node:worker_threads";
import type { Logger } from "./logger.ts";
import { listen, tellMainThread } from "./thread-reports.ts";
import { setTracing, tracing } from "./tracing.ts";

/** Where the spans of a process go, and what they say of it. */
export interface TracingSettings {
  /** The collector's address, to which `/v1/traces` is added. */
  readonly url: string;
  /** Which part of the traces that begin here is recorded, 0 to 1. */
  readonly ratio: number;
  /** `cipherhorizon-query-api` */
  readonly service: string;
  readonly version: string;
}

/** Under this name, threads that are started later find the settings. */
const FOR_THREADS = "cipherhorizon tracing";

/** Traces the process: this thread, and the threads that it starts from now on. */
export async function startTracing(settings: TracingSettings, logger: Logger): Promise<void> {
  let isFailing = false;
  listen("spans", ({ outcome, reason }) => {
    if (outcome === "dropped" || isFailing === (outcome === "failed")) return;
    isFailing = outcome === "failed";
    if (isFailing) logger.warn({ reason }, "the collector takes no spans; they are lost meanwhile");
    else logger.info("the collector takes spans again");
  });
  setEnvironmentData(FOR_THREADS, { ...settings });
  await trace(settings, "main");
}

/** Called by a thread before it works; does nothing where the process is not traced. */
export async function joinTracing(thread: string): Promise<void> {
  const settings = getEnvironmentData(FOR_THREADS) as TracingSettings | undefined;
  if (settings !== undefined) await trace(settings, thread);
}

/** Called by a thread when it has worked: what it has counted and traced is told. */
export async function endTelemetry(): Promise<void> {
  const ending = tracing();
  setTracing(null);
  if (isMainThread) setEnvironmentData(FOR_THREADS);
  await ending?.stop();
  tellMainThread();
}

/** The library is loaded only here: in each thread it costs a tenth of a second of computing. */
async function trace({ url, ratio, service, version }: TracingSettings, thread: string) {
  const { OtlpTracing } = await import("./otlp-tracing.ts");
  const resource = {
    "service.name": service,
    "service.version": version,
    "service.instance.id": `${hostname()}:${process.pid}`,
    "host.name": hostname(),
    "process.pid": process.pid,
    "thread.name": thread,
    "thread.id": threadId,
  };
  setTracing(new OtlpTracing({ url, ratio, resource }));
}
