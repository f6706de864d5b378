import type { RecordedEvent } from "../platform/codec/envelope.ts";
import type { Event } from "../platform/kernel/decider.ts";
import { partitionOf } from "../platform/kernel/hash.ts";
import type { PartitionKey } from "../platform/log/log.ts";
import type { RegisteredProjection } from "../projections/registry.ts";
import { compact } from "../projections/runner/compact.ts";
import type { Projection } from "../projections/runner/projection.ts";
import type { ReadStore } from "../projections/runner/read-store.ts";
import type { StoreKind } from "./store-kinds.ts";

const LOG_ID = "0192aa00-0000-7000-8000-000000000001";
/** So many partitions are fed at once, where there are several. */
const PARTITIONS = 4;
const KEPT_BATCH_EVENTS = 500;

/** Events of one projection, as the log would give them. */
export interface Feeding {
  readonly registered: RegisteredProjection;
  readonly events: readonly RecordedEvent[];
  /** Of one partition, from small to large; the largest is fed into several side by side, too. */
  readonly batches: readonly number[];
  /** Its topic has one partition. */
  readonly isOnePartition?: boolean;
  /** What counts as an event where one carries several. */
  readonly countOf?: (event: Event) => number;
}

export interface Speed {
  readonly batch: number;
  readonly partitions: number;
  readonly eventsPerSecond: number;
  /** Rows that were written, one for each key of a batch. */
  readonly rowsPerSecond: number;
}

/** Generations of a bench are numbered from where no platform ever comes to. */
let generations = 1_000_000 + process.pid * 100;

/** Projects, compacts and applies the events with the checkpoint; each measurement has its limit. */
export async function* speedsOf(
  feeding: Feeding,
  kind: StoreKind,
  seconds: number,
): AsyncGenerator<Speed> {
  const { events, batches, isOnePartition = false } = feeding;
  const wholes = batches.map((batch) => ({ batch, partitions: [events] }));
  const batch = batches.at(-1) ?? 1;
  const several = isOnePartition ? [] : [{ batch, partitions: partitionsOf(events) }];
  for (const one of [...wholes, ...several]) {
    const { store } = await kind.open(feeding.registered, nextGeneration());
    yield {
      ...one,
      partitions: one.partitions.length,
      ...(await speedOf(store, feeding, one, seconds)),
    };
    await store.drop();
    await store.close();
  }
}

interface Partitioned {
  readonly batch: number;
  readonly partitions: readonly (readonly RecordedEvent[])[];
}

async function speedOf(
  store: ReadStore,
  { registered: { projection }, countOf = () => 1 }: Feeding,
  { batch, partitions }: Partitioned,
  seconds: number,
): Promise<Pick<Speed, "eventsPerSecond" | "rowsPerSecond">> {
  await store.create();
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  const fed = await Promise.all(
    partitions.map((events, i) =>
      feed(store, `any.events/${i}`, { projection, events, batch, endMs }),
    ),
  );
  const took = (performance.now() - startedMs) / 1_000;
  const events = fed.flatMap((one, i) => (partitions[i] ?? []).slice(0, one.events));
  const counted = events.reduce((sum, { event }) => sum + countOf(event), 0);
  const rows = fed.reduce((sum, one) => sum + one.rows, 0);
  return { eventsPerSecond: counted / took, rowsPerSecond: rows / took };
}

/** What a generation that holds all events takes, and its rows as lines of JSON. */
export interface Kept {
  readonly rows: number;
  readonly bytes: number | null;
  readonly jsonBytes: number;
}

export async function keptBy(feeding: Feeding, kind: StoreKind): Promise<Kept> {
  const { registered, events } = feeding;
  const { projection } = registered;
  const { store, bytes } = await kind.open(registered, nextGeneration());
  await store.create();
  const whole = { projection, batch: KEPT_BATCH_EVENTS, endMs: Number.POSITIVE_INFINITY };
  for (const [i, part] of partitionsOf(events).entries()) {
    await feed(store, `any.events/${i}`, { ...whole, events: part });
  }
  const json = await jsonOf(store, projection);
  const kept = { ...json, bytes: await bytes() };
  await store.drop();
  await store.close();
  return kept;
}

async function jsonOf(store: ReadStore, { tables }: Projection) {
  let [rows, jsonBytes] = [0, 0];
  for (const table of Object.keys(tables)) {
    for await (const { row } of store.rows(table)) {
      rows += 1;
      jsonBytes += Buffer.byteLength(JSON.stringify(row)) + 1;
    }
  }
  return { rows, jsonBytes };
}

export function nextGeneration(): number {
  generations += 1;
  return generations;
}

interface Fed {
  readonly projection: Projection;
  readonly events: readonly RecordedEvent[];
  readonly batch: number;
  readonly endMs: number;
}

const NOTHING_ELSE = { parked: [], released: [], causes: new Map() };

/** One batch at least; gives how many events were written, and as how many rows. */
async function feed(store: ReadStore, partition: PartitionKey, fed: Fed) {
  const { projection, events, batch, endMs } = fed;
  const { epoch } = await store.take(partition, LOG_ID);
  let [expected, rows] = [0, 0];
  while (expected < events.length && (expected === 0 || performance.now() < endMs)) {
    const piece = events.slice(expected, expected + batch);
    const changes = compact(projection.tables, piece.map(changesOf(projection)));
    const next = expected + piece.length;
    const place = { partition, expected, next, epoch, highestClaim: -1, recordedAtMs: 0 };
    const outcome = await store.apply({ ...place, changes, ...NOTHING_ELSE });
    if (outcome !== "applied") throw new Error(outcome);
    rows += changes.length;
    expected = next;
  }
  return { events: expected, rows };
}

function changesOf(projection: Projection) {
  return (event: RecordedEvent) => {
    return { position: event.position, changes: projection.project(event) };
  };
}

/** Each aggregate in the partition that is its own. */
function partitionsOf(events: readonly RecordedEvent[]): RecordedEvent[][] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const mine = events.filter(({ aggregateId }) => {
      return partitionOf(aggregateId, PARTITIONS) === partition;
    });
    return mine.map((event, position) => ({ ...event, position }));
  });
}
