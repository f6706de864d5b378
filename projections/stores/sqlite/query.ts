import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SqlParameter, SqlRow } from "../../runner/sql-row.ts";

/** SQL with its values bound, never concatenated; each text is prepared once per connection. */
export class SqliteQueries {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  all(sql: string, values: readonly SqlParameter[] = []): SqlRow[] {
    return this.#prepare(sql).all(...values);
  }

  get(sql: string, values: readonly SqlParameter[] = []): SqlRow | null {
    return this.#prepare(sql).get(...values) ?? null;
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}
