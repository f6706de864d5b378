import type { RecordedEvent } from "../platform/codec/envelope.ts";
import type { Event } from "../platform/kernel/decider.ts";
import type { PartitionKey } from "../platform/log/log.ts";
import { compact } from "../projections/runner/compact.ts";
import type { Projection } from "../projections/runner/projection.ts";
import type { ReadStore } from "../projections/runner/read-store.ts";
import { recorded } from "../projections/runner/recorded.fixture.ts";

const PARTITIONS = 4;
const LOG_ID = "0192aa00-0000-7000-8000-000000000001";
const SIZES = [
  { batch: 1, events: 500 },
  { batch: 50, events: 5_000 },
  { batch: 500, events: 20_000 },
  { batch: 2_000, events: 20_000 },
  { batch: 5_000, events: 20_000 },
];
const SIDE_BY_SIDE_BATCH = 2_000;

/** Events of one projection, and stores that have never been opened for the number of a build. */
export interface Feeding<E extends Event> {
  readonly projection: Projection<E>;
  readonly events: readonly RecordedEvent<E>[];
  readonly stores: Readonly<Record<string, (build: number) => ReadStore>>;
  /** Its topic has one partition. */
  readonly isOnePartition?: boolean;
}

/** Feeds the same events into each store in batches of every size; says events a second. */
export async function feedStores<E extends Event>(
  { projection, events, stores, isOnePartition = false }: Feeding<E>,
  say: (line: string) => void,
): Promise<void> {
  const rows = compact(projection.tables, events.map(changesOf(projection))).length;
  const rowsEach = (rows / events.length).toFixed(1);
  say(`${projection.name}: ${events.length} events, ${rowsEach} rows an event`);
  let build = 0;
  for (const [name, open] of Object.entries(stores)) {
    const measured = async (partitions: readonly (typeof events)[], batch: number) => {
      build += 1;
      const figure = await measure(open(build), { projection, partitions, batch });
      return `${name.padEnd(11)} batches of ${String(batch).padStart(5)} ${figure}`;
    };
    for (const size of SIZES) say(await measured([events.slice(0, size.events)], size.batch));
    if (isOnePartition) continue;
    const line = await measured(partitionsOf(events), SIDE_BY_SIDE_BATCH);
    say(`${line}, ${PARTITIONS} partitions side by side`);
  }
}

/** The first event of each aggregate, then the second: as a partition of many has them. */
export function inTurn<E extends Event>(ofEach: readonly (readonly E[])[]): RecordedEvent<E>[] {
  const all: RecordedEvent<E>[] = [];
  const longest = Math.max(...ofEach.map(({ length }) => length));
  for (let i = 0; i < longest; i += 1) {
    for (const [number, events] of ofEach.entries()) {
      const event = events[i];
      if (event === undefined) continue;
      const place = { aggregateId: `p-${number}`, position: all.length, sequence: i + 1 };
      all.push(recorded(event, place));
    }
  }
  return all;
}

interface Measurement<E extends Event> {
  readonly projection: Projection<E>;
  readonly partitions: readonly (readonly RecordedEvent<E>[])[];
  readonly batch: number;
}

async function measure<E extends Event>(
  store: ReadStore,
  { projection, partitions, batch }: Measurement<E>,
): Promise<string> {
  await store.create();
  const started = performance.now();
  await Promise.all(
    partitions.map((events, i) => {
      return feed(store, `any.events/${i}`, { projection, events, batch });
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await store.drop();
  await store.close();
  const count = partitions.reduce((sum, { length }) => sum + length, 0);
  return `${Math.round(count / seconds)
    .toLocaleString("en")
    .padStart(8)} events/s`;
}

async function feed<E extends Event>(
  store: ReadStore,
  partition: PartitionKey,
  parts: {
    readonly projection: Projection<E>;
    readonly events: readonly RecordedEvent<E>[];
    readonly batch: number;
  },
): Promise<void> {
  const { projection, events, batch } = parts;
  const { epoch } = await store.take(partition, LOG_ID);
  for (let expected = 0; expected < events.length; expected += batch) {
    const piece = events.slice(expected, expected + batch);
    const outcome = await store.apply({
      partition,
      expected,
      next: expected + piece.length,
      epoch,
      highestClaim: -1,
      recordedAtMs: 0,
      changes: compact(projection.tables, piece.map(changesOf(projection))),
      parked: [],
      causes: new Map(),
    });
    if (outcome !== "applied") throw new Error(outcome);
  }
}

function changesOf<E extends Event>(projection: Projection<E>) {
  return (event: RecordedEvent<E>) => {
    return { position: event.position, changes: projection.project(event) };
  };
}

/** Each aggregate in the partition that is its own. */
function partitionsOf<E extends Event>(events: readonly RecordedEvent<E>[]): RecordedEvent<E>[][] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const mine = events.filter(({ aggregateId }) => {
      return Number(aggregateId.slice(2)) % PARTITIONS === partition;
    });
    return mine.map((event, position) => ({ ...event, position }));
  });
}
