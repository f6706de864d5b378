import type { PartitionKey } from "../../../platform/log/log.ts";
import { DataError, type PositionedChange } from "../../runner/read-store.ts";
import type { StoredTable } from "../../runner/stored-table.ts";
import type { MongoSession, MongoWrite, StoredDocument } from "./database.ts";
import { duplicatesOf } from "./errors.ts";
import { tableCollection } from "./schema.ts";
import { documentOf, type MongoLayout } from "./table.ts";

/** What a batch writes to one collection. */
export interface TableDocuments {
  readonly table: StoredTable;
  readonly documents: readonly ChangedDocument[];
}

interface ChangedDocument {
  readonly document: StoredDocument;
  /** What stands there was deleted before: it says nothing of where this one began. */
  readonly begins: boolean;
}

/**
 * Writes whole documents in no order. Without a transaction each write is harmless whenever it
 * comes: it takes effect only where what stands there is older.
 *
 *   updateOne { _id: "s-1", _position: { $lt: 17 } } to
 *     { $set: { …, _position: 17 }, $unset: { _deleted }, $min: { _first: 17 } }, upsert
 *
 * A row that is there began before, and a deleted one says nothing of that: the least of both is
 * where the row began.
 *
 * Where it is not older the filter finds nothing, and making the document anew fails by its key
 * (11000). So does one of two that make it at once, the newer perhaps: it is tried once more.
 */
export class MongoWriter {
  readonly #prefix: string;
  readonly #tables: ReadonlyMap<string, StoredTable>;
  readonly #found: MongoLayout["found"];

  constructor(prefix: string, tables: ReadonlyMap<string, StoredTable>, layout: MongoLayout) {
    this.#prefix = prefix;
    this.#tables = tables;
    this.#found = layout.found;
  }

  /** The documents of all changes: what cannot be written is noticed before anything is. */
  documentsOf(changes: readonly PositionedChange[], partition: PartitionKey): TableDocuments[] {
    const byTable = Map.groupBy(changes, ({ table }) => table);
    return [...byTable].map(([name, ofTable]) => {
      const table = this.#tables.get(name);
      if (table === undefined) throw new DataError(`the read model has no table ${name}`);
      const more = { partition, found: this.#found[name] ?? null };
      const documents = ofTable.map((change) => {
        return { document: documentOf(table, change, more), begins: change.begins === true };
      });
      return { table, documents };
    });
  }

  async write(session: MongoSession, all: readonly TableDocuments[]): Promise<void> {
    for (const { table, documents } of all) {
      const writes = documents.map((document) => {
        return writeOf(document, { isImmutable: table.table.immutable === true, session });
      });
      const collection = tableCollection(this.#prefix, table.name);
      const refused = await refusedWrites(session, collection, writes);
      if (refused.length > 0) await refusedWrites(session, collection, refused);
    }
  }
}

/** A row that never changes stays as it is once it is there. */
function writeOf(
  { document, begins }: ChangedDocument,
  { isImmutable, session }: { readonly isImmutable: boolean; readonly session: MongoSession },
): MongoWrite {
  const { _id, ...replacement } = document;
  if (isImmutable && !("_deleted" in document)) {
    return { updateOne: { filter: { _id }, update: { $setOnInsert: replacement }, upsert: true } };
  }
  // In a transaction the checkpoint keeps older changes away, and an error would end it.
  const older = session.isTransaction ? {} : { _position: { $lt: document._position } };
  const filter = { _id, ...older };
  if ("_deleted" in document) return { replaceOne: { filter, replacement, upsert: true } };
  const { _first, ...others } = replacement;
  const columns = begins ? { $set: replacement } : { $set: others, $min: { _first } };
  return {
    updateOne: { filter, update: { ...columns, $unset: { _deleted: "" } }, upsert: true },
  };
}

/** Of these writes, those whose key was taken by something newer. */
async function refusedWrites(
  session: MongoSession,
  collection: string,
  writes: readonly MongoWrite[],
): Promise<MongoWrite[]> {
  try {
    await session.bulkWrite(collection, writes);
    return [];
  } catch (error) {
    if (session.isTransaction) throw error;
    return duplicatesOf(error).map((index) => writes[index] as MongoWrite);
  }
}
