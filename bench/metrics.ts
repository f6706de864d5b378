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

/** What process managers and the clock send; the rest comes from the load. */
const OWN_COMMANDS = ["RecordTicks", "AssessRisk", "CloseCandles", "ReviseCandle"];

/** What of the load was accepted so far; all of them, as the platform has counted them. */
export function acceptedOfLoad({ sumOf }: Metrics): { commands: number; ticks: number } {
  const outcome = "accepted";
  const own = OWN_COMMANDS.map((type) => sumOf("commands_total", { outcome, type }));
  const commands = own.reduce((left, count) => left - count, sumOf("commands_total", { outcome }));
  return { commands, ticks: sumOf("ticks_total", { outcome }) };
}

/** How many appends the command side has made, and of how many events together. */
export async function appends(url: string): Promise<{ count: number; events: number }> {
  const { sumOf } = await metricsOf(url);
  return {
    count: sumOf("log_append_batch_events_count"),
    events: sumOf("log_append_batch_events_sum"),
  };
}
