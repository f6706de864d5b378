import type { Document } from "mongodb";
import { phrasesOf } from "../../runner/words.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { MongoFilter, MongoFind, MongoSession, StoredDocument } from "./database.ts";
import { tableCollection } from "./schema.ts";
import { NOT_DELETED } from "./table.ts";

export interface MongoQueriesParts {
  readonly session: MongoSession;
  /** `strategies_g3_` */
  readonly prefix: string;
  /** As they stood before the first query. */
  readonly checkpoints: Checkpoints;
}

/** Queries of one generation, each on its table by name; deleted rows are left out. */
export class MongoQueries {
  readonly #parts: MongoQueriesParts;
  #isAhead = false;

  constructor(parts: MongoQueriesParts) {
    this.#parts = parts;
  }

  /**
   * A row that was given had been written after the checkpoints were read: a batch is being
   * written, and other rows of it may be missing.
   */
  get isAhead(): boolean {
    return this.#isAhead;
  }

  async find(
    table: string,
    filter: MongoFilter,
    options: MongoFind = {},
  ): Promise<StoredDocument[]> {
    const { session } = this.#parts;
    const all: MongoFilter = { ...filter, ...NOT_DELETED };
    const found = await session.find(this.collection(table), all, options);
    for (const document of found) this.#notice(document);
    return found;
  }

  /** The stages after one that finds documents by `filter`, in the order of their keys. */
  async aggregate(
    table: string,
    filter: MongoFilter,
    stages: readonly Document[],
  ): Promise<Document[]> {
    const { session } = this.#parts;
    const first = [{ $match: { ...filter, ...NOT_DELETED } }, { $sort: { _id: 1 } }];
    const found = await session.aggregate(this.collection(table), [...first, ...stages]);
    for (const document of found) this.#notice(document);
    return found;
  }

  /** Stages that put under the table's name the row of the same key; without one, nothing is left. */
  join(table: string): Document[] {
    const from = this.collection(table);
    const lookup = { from, localField: "_id", foreignField: "_id", as: table };
    return [{ $lookup: lookup }, { $unwind: `$${table}` }];
  }

  collection(table: string): string {
    return tableCollection(this.#parts.prefix, table);
  }

  /** A row, or rows under the names of their tables. */
  #notice(document: Document): void {
    const rows = "_position" in document ? [document] : Object.values(document);
    this.#isAhead ||= rows.some((row) => {
      const next = this.#parts.checkpoints.get(row?._partition)?.next;
      return next !== undefined && row._position >= next;
    });
  }
}

/** What of a text the search by words asks for: put into `_found` of a layout. */
export function foundWords(words: readonly string[]): { words: string[]; phrase: string } {
  return { words: [...new Set(words)], phrase: ` ${words.join(" ")}` };
}

/**
 * The conditions of a text that is nothing but words, see `phrasesOf`; null: it asks for nothing.
 * Words are found by the index of `_found.words`, by their beginnings, too; that they stand side by
 * side is then seen in `_found.phrase`.
 */
export function wordConditions(text: string): MongoFilter[] | null {
  const phrases = phrasesOf(text);
  if (phrases.length === 0) return null;
  const conditions = phrases.flatMap((phrase) => {
    const whole = phrase.slice(0, -1).map((word) => ({ "_found.words": word }));
    const begun = { "_found.words": { $regex: `^${escaped(phrase.at(-1) ?? "")}` } };
    const together = { "_found.phrase": { $regex: ` ${escaped(phrase.join(" "))}` } };
    return whole.length === 0 ? [begun] : [...whole, begun, together];
  });
  const different = new Map(conditions.map((one) => [JSON.stringify(one), one]));
  return [...different.values()];
}

/** Words are letters and digits; nothing else of a regular expression may come of one. */
function escaped(words: string): string {
  return words.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
