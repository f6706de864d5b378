import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { CausationPosition } from "../../codec/envelope.ts";

/** What stays in memory of it; the rest is in a temporary file that nobody else sees. */
const MEMORY_KIBIBYTES = 64 * 1024;

/** Where the events of an export stand in the new log, for exports of any length. */
export class EventPlaces {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #update: StatementSync;

  constructor() {
    // SQLite keeps a database without a name in a temporary file that it deletes by itself.
    this.#database = new DatabaseSync("");
    this.#database.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      PRAGMA cache_size = -${MEMORY_KIBIBYTES};
      CREATE TABLE places (
        id TEXT PRIMARY KEY, topic TEXT, partition INTEGER, position INTEGER
      ) WITHOUT ROWID;
      BEGIN;
    `);
    this.#insert = this.#database.prepare("INSERT OR IGNORE INTO places (id) VALUES (?)");
    this.#select = this.#database.prepare(
      "SELECT topic, partition, position FROM places WHERE id = ?",
    );
    this.#update = this.#database.prepare(
      "UPDATE places SET topic = ?, partition = ?, position = ? WHERE id = ?",
    );
  }

  /** An event of the export, which has no place yet; false when it was there before. */
  add(eventId: string): boolean {
    return this.#insert.run(eventId).changes === 1;
  }

  put(eventId: string, { topic, partition, position }: CausationPosition): void {
    this.#update.run(topic, partition, position, eventId);
  }

  /** `unknown`: it is not in the export; `open`: it has no place yet. */
  find(eventId: string): CausationPosition | "unknown" | "open" {
    const row = this.#select.get(eventId);
    if (row === undefined) return "unknown";
    if (row.topic === null) return "open";
    return row as unknown as CausationPosition;
  }

  close(): void {
    this.#database.close();
  }
}
