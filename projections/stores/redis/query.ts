import type { PartitionKey } from "../../../platform/log/log.ts";
import type { Value } from "../../runner/projection.ts";
import type { Checkpoint } from "../../runner/read-store.ts";
import { indexName, type TableIndex } from "../../runner/stored-table.ts";
import { type CheckpointReply, checkpointOf } from "./checkpoints.ts";
import type { RedisConnection } from "./connection.ts";
import {
  type FoundRow,
  type IndexPlaces,
  indexEntry,
  keyPrefix,
  type RedisLayout,
  readRowText,
  type TablePlaces,
} from "./layout.ts";
import { isGenerationThere, MissingGeneration, partitionsOf } from "./schema.ts";
import { READ } from "./scripts.ts";

/** One question to each partition. */
export type Lookup =
  | { readonly kind: "get"; readonly table: string; readonly key: readonly Value[] }
  | RangeLookup
  /** The rows whose keys begin with these columns, texts all, of the rows of an earlier lookup. */
  | {
      readonly kind: "follow";
      readonly table: string;
      readonly lookup: number;
      readonly columns: readonly string[];
    };

/**
 * Rows in the order of their keys, or of an index of the table, whose first columns are `under`.
 * `beyond` is a place in that order, the columns after `under`: rows come behind it.
 */
interface RangeLookup {
  readonly kind: "up" | "down";
  readonly table: string;
  /** One of those that the generation has. */
  readonly index?: TableIndex;
  readonly under: readonly Value[];
  readonly beyond?: readonly Value[] | undefined;
  /** The lowest that comes, of a `down`. */
  readonly from?: readonly Value[];
  readonly limit?: number;
}

/** What one partition has found, with its checkpoint of the same moment. */
export interface PartitionAnswer {
  readonly partition: PartitionKey;
  readonly checkpoint: Checkpoint;
  readonly results: readonly (readonly FoundRow[])[];
}

export interface RedisPlace {
  readonly connection: RedisConnection;
  readonly layout: RedisLayout;
  readonly prefix: string;
}

/**
 * Asks one partition. Rows and checkpoint are of one moment: one script reads both. Null: it was
 * not taken yet, the generation is being dropped, or the server has lost part of it.
 */
export async function askPartition(
  { connection, layout }: RedisPlace,
  partition: PartitionKey,
  lookups: readonly Lookup[],
): Promise<PartitionAnswer | null> {
  const values = lookups.flatMap((lookup) => lookupValues(layout, lookups, lookup));
  const reply = await connection.script(READ, layout.keys(partition), values);
  if (reply === null) return null;
  const [checkpoint, texts] = reply as readonly [CheckpointReply, readonly (readonly string[])[]];
  const results = lookups.map(({ table }, i) => {
    const { stored } = placesOf(layout, table);
    return (texts[i] ?? []).map((text) => readRowText(stored, text));
  });
  return { partition, checkpoint: checkpointOf(checkpoint), results };
}

/**
 * Asks all partitions, in one journey to the server. Each answers with a moment of its own, which
 * is as good as one for all: no row belongs to two, and no partition waits for another.
 */
export async function askPartitions(
  place: RedisPlace,
  lookups: readonly Lookup[],
): Promise<readonly PartitionAnswer[]> {
  const { connection, prefix } = place;
  const [isThere, partitions] = await Promise.all([
    isGenerationThere(connection, prefix),
    partitionsOf(connection, prefix),
  ]);
  if (!isThere) throw new MissingGeneration(prefix);
  const answers = await Promise.all(partitions.map((one) => askPartition(place, one, lookups)));
  const found = answers.filter((answer) => answer !== null);
  // Listed and not taken yet, or dropped meanwhile: only the generation's record tells which.
  if (found.length < answers.length && !(await isGenerationThere(connection, prefix))) {
    throw new MissingGeneration(prefix);
  }
  return found;
}

export function placesOf(layout: RedisLayout, table: string): TablePlaces {
  const places = layout.tables.get(table);
  if (places === undefined) throw new RangeError(`no table ${table}`);
  return places;
}

const NOTHING = "";
const ALL = -1;

/** The seven arguments of a lookup: see `READ`. */
function lookupValues(
  layout: RedisLayout,
  lookups: readonly Lookup[],
  lookup: Lookup,
): (string | number)[] {
  const places = placesOf(layout, lookup.table);
  const { stored, rows, order } = places;
  switch (lookup.kind) {
    case "get": {
      const key = keyPrefix(stored, lookup.key);
      return ["get", rows, rows, NOTHING, key, NOTHING, NOTHING];
    }
    case "follow": {
      const source = placesOf(layout, lookups[lookup.lookup]?.table ?? "").stored;
      // In the JSON the row's position stands before the columns, and Lua counts from 1.
      const at = lookup.columns.map((column) => source.columns.indexOf(column) + 2);
      return ["follow", rows, order, lookup.lookup + 1, at.join(" "), NOTHING, NOTHING];
    }
    default:
      return rangeValues(places, lookup);
  }
}

function indexOf({ indexes }: TablePlaces, index: TableIndex): IndexPlaces {
  const found = indexes.find(({ name }) => name === indexName(index));
  if (found === undefined) throw new RangeError(`no index ${indexName(index)}`);
  return found;
}

function rangeValues(places: TablePlaces, lookup: RangeLookup): (string | number)[] {
  const { kind, under, beyond, from, limit = ALL } = lookup;
  const index = lookup.index === undefined ? undefined : indexOf(places, lookup.index);
  const entry = (values: readonly Value[]) => {
    return index === undefined ? keyPrefix(places.stored, values) : indexEntry(index, values);
  };
  const [order, offset] = [index?.order ?? places.order, index?.keyOffset ?? 0];
  const prefix = entry(under);
  const after = beyond === undefined ? null : `(${entry([...under, ...beyond])}`;
  const lowest = kind === "up" && after !== null ? after : `[${entry([...under, ...(from ?? [])])}`;
  const highest = kind === "down" && after !== null ? after : `*${prefix}`;
  return [kind, places.rows, order, offset, lowest, highest, limit];
}
