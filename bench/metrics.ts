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
