import type { EventReader } from "../platform/codec/codec.ts";
import type { LogReader } from "../platform/log/log.ts";
import type { LogPlace } from "../platform/log/places.ts";
import { compact } from "../projections/runner/compact.ts";
import type { Projection, Tables } from "../projections/runner/projection.ts";
import type { PositionedChange, ReadStore } from "../projections/runner/read-store.ts";
import { run } from "../projections/runner/runner.ts";
import { storedTable } from "../projections/runner/stored-table.ts";
import { withHistory } from "../test/history/read-history.ts";
import type { RawStore } from "./raw-stores.ts";

const ROWS_AT_ONCE = 5_000;

/** What a build does. */
const WORKS = ["read", "decode", "project", "write", "index"] as const;

type Work = (typeof WORKS)[number];

/** A generation that is built, and what the same rows are written to beside it. */
export interface Aside {
  /** A place, or the data folder of an embedded log. */
  readonly log: string | LogPlace;
  readonly projection: Projection;
  /** Empty; it is dropped afterwards. */
  readonly store: ReadStore;
  readonly raw: RawStore;
}

export interface RebuiltAside {
  readonly events: number;
  /** Written, each as often as it was. */
  readonly rows: number;
  readonly seconds: number;
  /** How many of the seconds each was under way: partitions read and write side by side. */
  readonly spent: ReadonlyMap<Work, number>;
  /** Rows a second where the same are written by the same client, and nothing else is done. */
  readonly rawRowsPerSecond: number;
}

/** Builds a read model from a log, alone in this thread. */
export async function rebuildAside({ log, projection, store, raw }: Aside): Promise<RebuiltAside> {
  const spent = new Spent();
  const changes: PositionedChange[] = [];
  const caughtUp = new AbortController();
  let events = 0;
  const observer = {
    onApplied: (applied: { readonly events: number }) => {
      events += applied.events;
    },
    onCaughtUp: () => caughtUp.abort(),
  };
  const startedMs = performance.now();
  await withHistory(log, async (history) => {
    const end = await run({
      projection: timedProjection(projection, spent),
      store: timedStore(store, spent, changes),
      log: timedLog(history.log, spent),
      codec: timedCodec(history.codec, spent),
      ...{ observer, signal: caughtUp.signal, isBuild: true },
    });
    if (end.reason !== "stopped") throw new Error(`${projection.name}: ${end.detail}`);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  await store.drop();
  await store.close();
  const rawRowsPerSecond = await rawSpeed(raw, projection.tables, changes);
  return { events, rows: changes.length, seconds, spent: spent.seconds(), rawRowsPerSecond };
}

/** For how long at least one of each work was under way. */
class Spent {
  readonly #works = new Map(WORKS.map((work) => [work, { underWay: 0, sinceMs: 0, ms: 0 }]));

  async on<T>(what: Work, work: () => Promise<T>): Promise<T> {
    this.#begin(what);
    try {
      return await work();
    } finally {
      this.#end(what);
    }
  }

  onAtOnce<T>(what: Work, work: () => T): T {
    this.#begin(what);
    try {
      return work();
    } finally {
      this.#end(what);
    }
  }

  seconds(): ReadonlyMap<Work, number> {
    return new Map([...this.#works].map(([work, { ms }]) => [work, ms / 1_000]));
  }

  #begin(what: Work): void {
    const work = this.#of(what);
    if (work.underWay === 0) work.sinceMs = performance.now();
    work.underWay += 1;
  }

  #end(what: Work): void {
    const work = this.#of(what);
    work.underWay -= 1;
    if (work.underWay === 0) work.ms += performance.now() - work.sinceMs;
  }

  #of(what: Work) {
    return this.#works.get(what) as { underWay: number; sinceMs: number; ms: number };
  }
}

function timedLog(log: LogReader, spent: Spent): LogReader {
  return {
    topics: () => log.topics(),
    logId: () => log.logId(),
    ends: (topic) => log.ends(topic),
    endsAt: (...what) => log.endsAt(...what),
    onAppended: (listener) => log.onAppended(listener),
    close: () => log.close(),
    read: (...what) => spent.on("read", () => log.read(...what)),
  };
}

function timedCodec(codec: EventReader, spent: Spent): EventReader {
  return {
    schemaIds: () => codec.schemaIds(),
    prepare: (records) => spent.on("decode", () => codec.prepare(records)),
    decode: (...what) => spent.onAtOnce("decode", () => codec.decode(...what)),
  };
}

function timedProjection(projection: Projection, spent: Spent): Projection {
  const project = (recorded: Parameters<Projection["project"]>[0]) => {
    return spent.onAtOnce("project", () => projection.project(recorded));
  };
  return { ...projection, project };
}

function timedStore(store: ReadStore, spent: Spent, changes: PositionedChange[]): ReadStore {
  const { changesAtOnce, longBatches } = store;
  const makeIndexes = store.makeIndexes?.bind(store);
  return {
    ...(changesAtOnce !== undefined && { changesAtOnce }),
    ...(longBatches !== undefined && { longBatches }),
    ...(makeIndexes && { makeIndexes: () => spent.on("index", makeIndexes) }),
    create: (how) => store.create(how),
    take: (...what) => store.take(...what),
    rows: (...what) => store.rows(...what),
    row: (...what) => store.row(...what),
    checkpoints: () => store.checkpoints(),
    drop: () => store.drop(),
    close: () => store.close(),
    apply: (batch) => {
      for (const change of batch.changes) changes.push(change);
      return spent.on("write", () => store.apply(batch));
    },
  };
}

/** Rows that go again are left out. All is ready before the clock runs. */
async function rawSpeed(
  raw: RawStore,
  tables: Tables,
  changes: readonly PositionedChange[],
): Promise<number> {
  const stored = new Map(
    Object.entries(tables).map(([name, one]) => [name, storedTable(name, one)]),
  );
  for (const table of stored.values()) await raw.create(table);
  const writes: (() => Promise<unknown>)[] = [];
  let rows = 0;
  for (const [name, table] of stored) {
    const ofTable = changes.filter((change) => change.table === name && !change.deleted);
    for (let from = 0; from < ofTable.length; from += ROWS_AT_ONCE) {
      const piece = lastOfEachKey(tables, ofTable.slice(from, from + ROWS_AT_ONCE));
      writes.push(raw.prepare(table, piece));
      rows += piece.length;
    }
  }
  const startedMs = performance.now();
  for (const write of writes) await write();
  const seconds = (performance.now() - startedMs) / 1_000;
  await raw.remove();
  return rows / seconds;
}

function lastOfEachKey(tables: Tables, changes: readonly PositionedChange[]): PositionedChange[] {
  const events = changes.map((change) => ({ position: change.position, changes: [change] }));
  return compact(tables, events);
}
