import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event } from "../../platform/kernel/decider.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import { compact, type EventChanges } from "../../projections/runner/compact.ts";
import { type Digest, digestGeneration } from "../../projections/runner/digest.ts";
import type { Snapshot } from "../../projections/runner/generation-snapshot.ts";
import type { Page, PageRequest } from "../../projections/runner/page.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import type { ApplyOutcome, ReadStore } from "../../projections/runner/read-store.ts";
import { recorded } from "../../projections/runner/recorded.fixture.ts";
import type { SqliteQueries } from "../../projections/stores/sqlite/query.ts";
import { SqliteGeneration } from "../../projections/stores/sqlite/reader.ts";
import type { SqliteIndex } from "../../projections/stores/sqlite/schema.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";

const LOG_ID = "0192aa00-0000-7000-8000-000000000001";
const PARTITION: PartitionKey = "any.events/0";
/** A reader whose pages go round in a circle is found out. */
const MOST_PAGES = 1_000;

/** A place for builds of one projection in one kind of store. */
export interface HarnessPlace<Reader> {
  /** The store of a build, which is not there yet. */
  store(build: string): ReadStore;
  /** Reads what `store` has written. */
  reader(build: string): Promise<HarnessReader<Reader>>;
  /** After everything of it was closed. */
  remove(): Promise<void>;
}

interface HarnessReader<Reader> {
  read<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>>;
  close(): Promise<void>;
}

/** A read model fed with events as they are given, and asked through its reader. */
export interface ReadModelHarness<E extends Event, Reader> {
  /** Projects and applies events of one aggregate, as one batch. */
  take(aggregateId: string, events: readonly E[]): Promise<void>;
  /** Asks the reader. */
  ask<T>(query: (reader: Reader) => Promise<T>): Promise<T>;
  /** As `ask`, with the position of the answer. */
  read<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>>;
  /**
   * The digest of the rows as they were written, and of a build from zero in other batches, each
   * of which comes twice, with a restart after it.
   */
  digests(batchSize: number): Promise<{ readonly live: Digest; readonly rebuilt: Digest }>;
  /** Drops what is read; nothing can be taken in any more. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the projection in SQLite. */
export function openSqliteHarness<E extends Event, Reader>(parts: {
  readonly projection: Projection<E>;
  readonly indexes: readonly SqliteIndex[];
  readonly makeReader: (queries: SqliteQueries) => Reader;
}): Promise<ReadModelHarness<E, Reader>> {
  const { projection, indexes, makeReader } = parts;
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-reader-"));
  const fileOf = (build: string) => join(folder, `${build}.db`);
  return openHarness(projection, {
    store: (build) => new SqliteReadStore({ file: fileOf(build), projection, indexes }),
    reader: async (build) => new SqliteGeneration({ file: fileOf(build), makeReader }),
    remove: async () => rmSync(folder, { recursive: true }),
  });
}

export async function openHarness<E extends Event, Reader>(
  projection: Projection<E>,
  place: HarnessPlace<Reader>,
): Promise<ReadModelHarness<E, Reader>> {
  const store = place.store("live");
  await store.create();
  const { epoch } = await store.take(PARTITION, LOG_ID);
  const generation = await place.reader("live");
  const sequences = new Map<string, number>();
  const all: EventChanges[] = [];
  let next = 0;
  return {
    async take(aggregateId, events) {
      const expected = next;
      const changes = events.map((event) => {
        const sequence = (sequences.get(aggregateId) ?? 0) + 1;
        sequences.set(aggregateId, sequence);
        const position = next;
        next += 1;
        const one = recorded(event, { aggregateId, sequence, position });
        return { position, changes: projection.project(one) };
      });
      all.push(...changes);
      await applyAll(store, { projection, epoch, expected, changes });
    },
    async digests(batchSize) {
      let second = place.store("rebuilt");
      await second.create();
      for (let from = 0; from < all.length; from += batchSize) {
        const taken = await second.take(PARTITION, LOG_ID);
        const changes = all.slice(from, from + batchSize);
        const batch = { projection, epoch: taken.epoch, expected: from, changes };
        await applyAll(second, batch);
        await applyAll(second, batch, "behind");
        await second.close();
        second = place.store("rebuilt");
      }
      const live = (await digestGeneration(store, projection.tables)).all;
      const rebuilt = (await digestGeneration(second, projection.tables)).all;
      await second.drop();
      await second.close();
      return { live, rebuilt };
    },
    drop: () => store.drop(),
    read: (query) => generation.read(query),
    ask: async (query) => (await generation.read(query)).result,
    close: async () => {
      await generation.close();
      await store.close();
      await place.remove();
    },
  };
}

async function applyAll(
  store: ReadStore,
  parts: {
    readonly projection: Pick<Projection, "tables">;
    readonly epoch: number;
    readonly expected: number;
    readonly changes: readonly EventChanges[];
  },
  awaited: ApplyOutcome = "applied",
): Promise<void> {
  const { projection, epoch, expected, changes } = parts;
  const next = expected + changes.length;
  const outcome = await store.apply({
    partition: PARTITION,
    expected,
    next,
    epoch,
    highestClaim: -1,
    recordedAtMs: 1_700_000_000_000 + next,
    changes: compact(projection.tables, changes),
    parked: [],
    released: [],
    causes: new Map(),
  });
  if (outcome !== awaited) throw new Error(`${outcome}, not ${awaited}`);
}

/** All items of a paged query, asked page by page of `limit`. */
export async function allPages<Item, Place>(
  limit: number,
  ask: (page: PageRequest<Place>) => Promise<Page<Item, Place>>,
): Promise<Item[]> {
  const all: Item[] = [];
  let after: Place | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page: Page<Item, Place> = await ask({ after, limit });
    if (page.items.length > limit) throw new Error(`a page of ${page.items.length}`);
    all.push(...page.items);
    if (page.next === null) return all;
    after = page.next;
  }
  throw new Error(`no end after ${MOST_PAGES} pages`);
}
