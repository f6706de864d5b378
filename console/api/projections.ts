import { at, type Call } from "./call.ts";
import { anything, flag, list, number, optional, record, shape, text } from "./shape.ts";

const generation = shape({
  generation: number,
  version: number,
  phase: text,
  startedAt: text,
  verified: flag,
  difference: optional(shape({ reason: text })),
  comparison: optional(shape({ against: number, table: text, rows: number })),
  position: optional(record(number)),
  gapEvents: optional(number),
  gapEventsByPartition: optional(record(number)),
  fedBy: optional(record(text)),
});

const projection = shape({ name: text, paused: flag, generations: list(generation) });

const parkedStream = shape({
  generation: number,
  partition: text,
  stream: text,
  position: number,
  reason: text,
  since: text,
  releases: number,
  releasing: flag,
});

const parked = shape({ streams: list(parkedStream), discarded: list(anything) });

export type ParkedStream = ReturnType<typeof parkedStream>;
export type Parked = ReturnType<typeof parked>;
export type Generation = ReturnType<typeof generation>;
export type Projection = ReturnType<typeof projection>;

export function listProjections(): Call<readonly Projection[]> {
  return { ...at`/v1/projections`, read: list(projection), cli: "cipherhorizon projections list" };
}

export function listParked(name: string): Call<Parked> {
  const cli = `cipherhorizon parked list ${name}`;
  return { ...at`/v1/projections/${name}/parked`, read: parked, cli };
}

const UNDER_WAY = ["building", "verifying", "verified", "different"];

/** On its way to being live, or found different from the live one. */
export function isUnderWay({ phase }: Generation): boolean {
  return UNDER_WAY.includes(phase);
}

/** The generation that answers come from; `null` before the first promotion. */
export function liveOf({ generations }: Projection): Generation | null {
  return generations.find(({ phase }) => phase === "live") ?? null;
}

/** Where the log's partitions end, as far as projections read them: position and gap. */
export function logEnds(projections: readonly Projection[]): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const { position, gapEventsByPartition } of projections.flatMap((one) => one.generations)) {
    for (const [partition, next] of Object.entries(position ?? {})) {
      const end = next + (gapEventsByPartition?.[partition] ?? 0);
      ends.set(partition, Math.max(end, ends.get(partition) ?? 0));
    }
  }
  return ends;
}
