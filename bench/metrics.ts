import { parseMetrics, sumOf } from "../console/api/metrics-text.ts";
import { send } from "./http-load.ts";

/** What `/metrics` said in one moment. */
export interface Metrics {
  /** Of all series of the name that carry the labels; 0 when there is none. */
  readonly sumOf: (name: string, labels?: Readonly<Record<string, string>>) => number;
}

export async function metricsOf(url: string): Promise<Metrics> {
  const samples = parseMetrics(await send(url, { method: "GET", path: "/metrics" }));
  return { sumOf: (name, labels = {}) => sumOf(samples, name, labels) ?? 0 };
}

/** How many appends the command side has made, and of how many events together. */
export async function appends(url: string): Promise<{ count: number; events: number }> {
  const { sumOf } = await metricsOf(url);
  return {
    count: sumOf("log_append_batch_events_count"),
    events: sumOf("log_append_batch_events_sum"),
  };
}
