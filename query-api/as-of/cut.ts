import { causationPositionOf, isControl } from "../../platform/codec/headers.ts";
import {
  type LogReader,
  type LogRecord,
  type PartitionKey,
  type Positions,
  parsePartitionKey,
  partitionKey,
} from "../../platform/log/log.ts";
import type { Moment } from "./moment.ts";

/** One picture of the log over all its topics, in which no event stands without its cause. */
export interface Cut {
  readonly positions: Positions;
  /** How far back the oldest record lies that had to be left out of the moment, for its cause. */
  readonly lagMs: number;
}

export interface CutParts {
  readonly log: LogReader;
  readonly topics: readonly string[];
  readonly moment: Moment;
  /** The clocks of those who write differ by less: so far back an event may look older than its
   *  cause. */
  readonly skewMs: number;
}

/** An event with the event that caused it. */
interface Effect {
  readonly position: number;
  readonly timestampMs: number;
  readonly causePartition: PartitionKey;
  readonly causePosition: number;
}

const PAGE = { maxRecords: 5_000, maxBytes: 4 * 1024 * 1024 };

/**
 * What was written until the moment, lowered until no event's cause lies outside of it. Times are
 * those of several writers' clocks, so that an effect may seem to be written before its cause.
 */
export async function cutAt({ log, topics, moment, skewMs }: CutParts): Promise<Cut> {
  const ends = new Map(await endsOf(log, topics, moment.timeMs));
  for (const [partition, end] of moment.ends) if (ends.has(partition)) ends.set(partition, end);
  const from = await endsOf(log, topics, moment.timeMs - skewMs);
  const effects = new Map<PartitionKey, Effect[]>();
  for (const [partition, end] of ends) {
    effects.set(partition, await effectsIn(log, partition, [from.get(partition) ?? 0, end]));
  }
  return lowered(ends, effects, moment.timeMs);
}

/** True where what a read model rests on (`causes`: the next after each highest) is in the cut. */
export function isClosed(causes: Positions, { positions }: Pick<Cut, "positions">): boolean {
  return [...causes].every(([partition, next]) => {
    const end = positions.get(partition);
    return end === undefined || next <= end;
  });
}

async function endsOf(log: LogReader, topics: readonly string[], timeMs: number) {
  const ends = await Promise.all(
    topics.map(async (topic) => {
      const ofTopic = await log.endsAt(topic, timeMs);
      return ofTopic.map((end, partition) => [partitionKey({ topic, partition }), end] as const);
    }),
  );
  return new Map(ends.flat());
}

async function effectsIn(
  log: LogReader,
  partition: PartitionKey,
  [from, end]: readonly [number, number],
): Promise<Effect[]> {
  const effects: Effect[] = [];
  for (let next = from; next < end; ) {
    const maxRecords = Math.min(PAGE.maxRecords, end - next);
    const records = await log.read(parsePartitionKey(partition), next, { ...PAGE, maxRecords });
    const last = records.at(-1);
    if (last === undefined) return effects;
    effects.push(...records.flatMap(effectOf));
    next = last.position + 1;
  }
  return effects;
}

function effectOf(record: LogRecord): readonly Effect[] {
  const cause = isControl(record) ? null : causationPositionOf(record.headers);
  if (cause === null) return [];
  const { position, timestampMs } = record;
  const causePartition = partitionKey(cause);
  return [{ position, timestampMs, causePartition, causePosition: cause.position }];
}

function lowered(
  ends: Map<PartitionKey, number>,
  effects: ReadonlyMap<PartitionKey, readonly Effect[]>,
  timeMs: number,
): Cut {
  let oldestMs = timeMs;
  for (let isLowered = true; isLowered; ) {
    isLowered = false;
    for (const [partition, ofPartition] of effects) {
      const end = ends.get(partition) ?? 0;
      const first = ofPartition.find(({ position, ...effect }) => {
        return position < end && isOutside(effect, ends);
      });
      if (first === undefined) continue;
      ends.set(partition, first.position);
      oldestMs = Math.min(oldestMs, first.timestampMs);
      isLowered = true;
    }
  }
  return { positions: ends, lagMs: timeMs - oldestMs };
}

/** Partitions that no read model is made of are no part of the picture. */
function isOutside(
  { causePartition, causePosition }: Pick<Effect, "causePartition" | "causePosition">,
  ends: Positions,
): boolean {
  const end = ends.get(causePartition);
  return end !== undefined && causePosition >= end;
}
