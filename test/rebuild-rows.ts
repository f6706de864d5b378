import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import type { PartitionKey } from "../platform/log/log.ts";
import type { LogPlace } from "../platform/log/places.ts";
import { projections, registeredProjection } from "../projections/registry.ts";
import { type Digest, digestGeneration } from "../projections/runner/digest.ts";
import { generationFile } from "../projections/runner/generation-files.ts";
import type { ReadStore, StoredRow } from "../projections/runner/read-store.ts";
import { run } from "../projections/runner/runner.ts";
import { openSqliteGeneration } from "../projections/stores/sqlite/reader.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import { openStore, type StorePlace } from "../projections/stores.ts";
import { withHistory } from "./history/read-history.ts";

export const PROJECTIONS = projections.map(({ projection }) => projection.name);

const DIFFERENCES_SHOWN = 5;

/** What two generations of one read model have come to. */
export interface Comparison {
  readonly rows: number;
  /** The first rows in which they differ, or that only one of them has. */
  readonly differences: readonly string[];
  readonly digests: readonly [Digest, Digest];
}

/** Positions per partition as a generation's own file tells; `null` while it has no tables. */
export async function checkpointsOf(
  folder: string,
  projection: string,
  generation: number,
): Promise<ReadonlyMap<PartitionKey, number> | null> {
  const file = generationFile(folder, projection, generation);
  const opened = openSqliteGeneration({ file, makeReader: () => null });
  if (opened === null) return null;
  try {
    return await opened.positions();
  } finally {
    await opened.close();
  }
}

/** Where a platform keeps its log and its read models. */
export interface PlatformPlace {
  readonly log: LogPlace;
  readonly stores: StorePlace;
}

/**
 * Builds a throw-away generation from the beginning of the log in SQLite and compares it row by row
 * with the one of that number. `at`: a place, or the data folder of an embedded platform. Nothing
 * may be appended meanwhile.
 */
export async function compareWithFresh(
  at: string | PlatformPlace,
  projection: string,
  generation: number,
): Promise<Comparison> {
  const aside = mkdtempSync(join(tmpdir(), "cipherhorizon-fresh-"));
  const fresh = storeOf(projection, join(aside, "fresh.db"));
  const stored =
    typeof at === "string"
      ? storeOf(projection, generationFile(at, projection, generation))
      : await openStore(at.stores, projection, generation);
  try {
    await buildFromZero(typeof at === "string" ? at : at.log, projection, fresh);
    return await compare(projection, stored, fresh);
  } finally {
    await stored.close();
    await fresh.close();
    rmSync(aside, { recursive: true });
  }
}

/** Compares a generation with the one that `rebuild` makes and gives the number of. */
export async function compareWithLater(
  folder: string,
  projection: string,
  generation: number,
  rebuild: () => Promise<number>,
): Promise<Comparison> {
  const aside = mkdtempSync(join(tmpdir(), "cipherhorizon-before-"));
  const copy = join(aside, "before.db");
  // The old generation's own file is removed soon after it was replaced.
  const original = generationFile(folder, projection, generation);
  const database = new DatabaseSync(original, { readOnly: true });
  database.prepare("VACUUM INTO ?").run(copy);
  database.close();
  const before = storeOf(projection, copy);
  const after = storeOf(projection, generationFile(folder, projection, await rebuild()));
  try {
    return await compare(projection, before, after);
  } finally {
    await after.close();
    await before.close();
    rmSync(aside, { recursive: true });
  }
}

function storeOf(name: string, file: string): SqliteReadStore {
  const { projection, indexes } = registeredProjection(name);
  return new SqliteReadStore({ file, projection, indexes });
}

async function buildFromZero(at: string | LogPlace, name: string, store: ReadStore): Promise<void> {
  const { projection } = registeredProjection(name);
  const caughtUp = new AbortController();
  const observer = { onCaughtUp: () => caughtUp.abort() };
  await withHistory(at, async (history) => {
    const end = await run({ ...history, projection, store, observer, signal: caughtUp.signal });
    if (end.reason !== "stopped") throw new Error(`the build ended: ${end.reason}: ${end.detail}`);
  });
}

async function compare(name: string, one: ReadStore, other: ReadStore): Promise<Comparison> {
  const { tables } = registeredProjection(name).projection;
  const differences: string[] = [];
  const positions = await Promise.all([positionsOf(one), positionsOf(other)]);
  if (!isDeepStrictEqual(...positions)) {
    differences.push(`positions: ${positions.map((map) => JSON.stringify([...map])).join(" / ")}`);
  }
  let rows = 0;
  for (const table of Object.keys(tables)) {
    for await (const pair of pairsOf(one.rows(table), other.rows(table))) {
      rows += 1;
      if (isDeepStrictEqual(...pair) || differences.length >= DIFFERENCES_SHOWN) continue;
      differences.push(`${table}: ${JSON.stringify(pair[0])} / ${JSON.stringify(pair[1])}`);
    }
  }
  const digests = [await digestGeneration(one, tables), await digestGeneration(other, tables)];
  return { rows, differences, digests: digests.map(({ all }) => all) as [Digest, Digest] };
}

async function positionsOf(store: ReadStore): Promise<ReadonlyMap<PartitionKey, number>> {
  const checkpoints = await store.checkpoints();
  return new Map([...checkpoints].map(([key, { next }]) => [key, next]));
}

/** Both are in key order: without a difference the n-th row of one is the n-th of the other. */
async function* pairsOf(
  one: AsyncIterable<StoredRow>,
  other: AsyncIterable<StoredRow>,
): AsyncGenerator<[StoredRow | undefined, StoredRow | undefined]> {
  const [first, second] = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()];
  for (;;) {
    const pair = await Promise.all([first.next(), second.next()]);
    if (pair[0].done && pair[1].done) return;
    yield [pair[0].value, pair[1].value];
  }
}
