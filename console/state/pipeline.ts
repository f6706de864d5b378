import { type Sample, sumOf } from "../api/metrics-text.ts";
import { isUnderWay, logEnds, type Projection } from "../api/projections.ts";

/** What has gone through the pipeline until one moment; `null`: another process counts it. */
export interface PipelineReading {
  readonly atMs: number;
  readonly commands: number | null;
  readonly ticks: number | null;
  /** The sum of the log's ends: records of all partitions that projections read. */
  readonly records: number;
  /** Where the generations stand that are on their way to being live, by `nameOf`. */
  readonly builds: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

interface Build {
  readonly name: string;
  readonly generation: number;
}

function nameOf({ name, generation }: Build): string {
  return `${name} ${generation}`;
}

export function readPipeline(
  atMs: number,
  projections: readonly Projection[],
  samples: readonly Sample[],
): PipelineReading {
  let records = 0;
  for (const end of logEnds(projections).values()) records += end;
  const commands = sumOf(samples, "commands_total");
  const ticks = sumOf(samples, "ticks_total");
  return { atMs, commands, ticks, records, builds: buildsOf(projections) };
}

function buildsOf(projections: readonly Projection[]): PipelineReading["builds"] {
  const all = projections.flatMap(({ name, generations }) => {
    return generations.filter(isUnderWay).map(({ generation, position }) => {
      return [nameOf({ name, generation }), position ?? {}] as const;
    });
  });
  return new Map(all);
}

type Counter = "commands" | "ticks" | "records";

/** Over so long a rate is taken: long enough to be calm, short enough to be now. */
const RATE_OVER_MS = 5_000;

/** Per second, of the newest readings; `null` before there are two, or after a restart. */
export function rateOf(readings: readonly PipelineReading[], counter: Counter): number | null {
  return recentRate(readings, (reading) => reading[counter]);
}

/** Events a second of one generation, of a partition or (`null`) of all. */
export function positionRateOf(
  readings: readonly PipelineReading[],
  of: Build,
  partition: string | null,
): number | null {
  return recentRate(readings, ({ builds }) => {
    const position = builds.get(nameOf(of));
    if (position === undefined) return null;
    if (partition !== null) return position[partition] ?? 0;
    return Object.values(position).reduce((sum, next) => sum + next, 0);
  });
}

type Count = (reading: PipelineReading) => number | null;

function recentRate(readings: readonly PipelineReading[], count: Count): number | null {
  const last = readings.at(-1);
  if (last === undefined) return null;
  const first = readings.find((one) => {
    return last.atMs - one.atMs <= RATE_OVER_MS && count(one) !== null;
  });
  return first === undefined ? null : rateBetween(first, last, count);
}

function rateBetween(first: PipelineReading, last: PipelineReading, count: Count) {
  const [before, after] = [count(first), count(last)];
  if (before === null || after === null || last.atMs <= first.atMs) return null;
  const change = after - before;
  return change < 0 ? null : (change * 1000) / (last.atMs - first.atMs);
}

/** The rate between each reading and the one before it. */
export function ratesOf(readings: readonly PipelineReading[], counter: Counter) {
  return readings.slice(1).map((reading, at) => ({
    atMs: reading.atMs,
    perSecond: rateBetween(readings[at] as PipelineReading, reading, (one) => one[counter]),
  }));
}
