import type { SqlRow } from "../../runner/sql-row.ts";
import type { PostgresSession, PostgresValue } from "./pool.ts";

/**
 * SQL with its values bound, never concatenated. A value's place is a `?`, as in SQLite, so that
 * conditions are put together alike for both.
 */
export class PostgresQueries {
  readonly #session: PostgresSession;
  readonly #schema: string;

  /** `schema`: in which the session's transaction finds its tables. */
  constructor(session: PostgresSession, schema: string) {
    this.#session = session;
    this.#schema = schema;
  }

  /** A connection prepares each text once per generation, whose columns may differ. */
  async all(sql: string, values: readonly PostgresValue[] = []): Promise<readonly SqlRow[]> {
    const { number, text } = numberedText(sql);
    return this.#session.query({ name: `${this.#schema}.${number}`, text, values });
  }

  async get(sql: string, values: readonly PostgresValue[] = []): Promise<SqlRow | null> {
    const [row] = await this.all(sql, values);
    return row ?? null;
  }
}

interface NumberedText {
  readonly number: number;
  /** With `$1`, `$2` … for each `?`. */
  readonly text: string;
}

/** Texts are written in the code, so there are as many as that has; a bug must not fill the heap. */
const TEXTS = 10_000;
const numbered = new Map<string, NumberedText>();

function numberedText(sql: string): NumberedText {
  const known = numbered.get(sql);
  if (known !== undefined) return known;
  if (numbered.size >= TEXTS) throw new Error(`more than ${TEXTS} texts of queries`);
  let place = 0;
  const text = sql.replaceAll("?", () => {
    place += 1;
    return `$${place}`;
  });
  const found = { number: numbered.size, text };
  numbered.set(sql, found);
  return found;
}
