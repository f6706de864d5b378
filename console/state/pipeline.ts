import { type Sample, sumOf } from "../api/metrics-text.ts";
import { logEnds, type Projection } from "../api/projections.ts";

/** What has gone through the pipeline until one moment; `null`: another process counts it. */
export interface PipelineReading {
  readonly atMs: number;
  readonly commands: number | null;
  readonly ticks: number | null;
  /** The sum of the log's ends: records of all partitions that projections read. */
  readonly records: number;
}

export function readPipeline(
  atMs: number,
  projections: readonly Projection[],
  samples: readonly Sample[],
): PipelineReading {
  let records = 0;
  for (const end of logEnds(projections).values()) records += end;
  const commands = sumOf(samples, "commands_total");
  return { atMs, commands, ticks: sumOf(samples, "ticks_total"), records };
}

type Counter = "commands" | "ticks" | "records";

/** Over so long a rate is taken: long enough to be calm, short enough to be now. */
const RATE_OVER_MS = 5_000;

/** Per second, of the newest readings; `null` before there are two, or after a restart. */
export function rateOf(readings: readonly PipelineReading[], counter: Counter): number | null {
  const last = readings.at(-1);
  if (last === undefined) return null;
  const first = readings.find(({ atMs }) => last.atMs - atMs <= RATE_OVER_MS);
  return first === undefined ? null : rateBetween(first, last, counter);
}

function rateBetween(first: PipelineReading, last: PipelineReading, counter: Counter) {
  const [before, after] = [first[counter], last[counter]];
  if (before === null || after === null || last.atMs <= first.atMs) return null;
  const change = after - before;
  return change < 0 ? null : (change * 1000) / (last.atMs - first.atMs);
}

/** The rate between each reading and the one before it. */
export function ratesOf(readings: readonly PipelineReading[], counter: Counter) {
  return readings.slice(1).map((reading, at) => ({
    atMs: reading.atMs,
    perSecond: rateBetween(readings[at] as PipelineReading, reading, counter),
  }));
}
