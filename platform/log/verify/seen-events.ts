import { DatabaseSync, type StatementSync } from "node:sqlite";

/** What stays in memory of what was seen; the rest is in a temporary file that nobody else sees. */
const MEMORY_KIBIBYTES = 64 * 1024;

/** Which event ids and sequences were seen, of logs of any length. */
export class SeenEvents {
  readonly #database: DatabaseSync;
  readonly #insertId: StatementSync;
  readonly #selectSequence: StatementSync;
  readonly #putSequence: StatementSync;

  constructor() {
    // SQLite keeps a database without a name in a temporary file that it deletes by itself.
    this.#database = new DatabaseSync("");
    this.#database.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      PRAGMA cache_size = -${MEMORY_KIBIBYTES};
      CREATE TABLE ids (id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE sequences (aggregate TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
      BEGIN;
    `);
    this.#insertId = this.#database.prepare("INSERT OR IGNORE INTO ids VALUES (?)");
    this.#selectSequence = this.#database.prepare(
      "SELECT sequence FROM sequences WHERE aggregate = ?",
    );
    this.#putSequence = this.#database.prepare("INSERT OR REPLACE INTO sequences VALUES (?, ?)");
  }

  /** False when the event id was there before. */
  addId(id: string): boolean {
    return this.#insertId.run(id).changes === 1;
  }

  /** The aggregate's last sequence before this one; 0 where it had none. */
  putSequence(aggregate: string, sequence: number): number {
    const before = this.#selectSequence.get(aggregate)?.sequence ?? 0;
    this.#putSequence.run(aggregate, sequence);
    return before as number;
  }

  /** An aggregate lives in one partition: the next one begins without sequences. */
  forgetSequences(): void {
    this.#database.exec("DELETE FROM sequences");
  }

  close(): void {
    this.#database.close();
  }
}
