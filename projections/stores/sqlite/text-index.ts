import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { quoted, type StoredTable } from "../../runner/stored-table.ts";
import type { SqliteQueries } from "./query.ts";

/** An index of the words of a text column, for a reader that searches by their beginnings. */
export interface SqliteTextIndex {
  readonly table: string;
  readonly wordsOf: string;
}

/**
 * How the index of the words of "strategies"."searchText" stands in SQLite:
 *
 *   "strategies_words_of_searchText"       FTS5: words by row number, without the text
 *   "strategies_words_of_searchText_rows"  which key has which row number
 *
 * Words are letters and digits between other signs, whatever their case and diacritics. FTS5 knows
 * rows by number alone, and the declared tables have none (WITHOUT ROWID). Three triggers keep both
 * in step, in the transaction that changes the row; a text that stays as it was costs nothing.
 *
 * Rows that were there before the index are not in it: with a new one rises a projection's version.
 */
export function createTextIndexSql(index: SqliteTextIndex, table: StoredTable): string {
  const { words, rows } = namesOf(index);
  const { types, columns, keyColumns } = table;
  if (types[columns.indexOf(index.wordsOf)] !== "text") {
    throw new RangeError(`${index.table}.${index.wordsOf} is no column of text`);
  }
  const key = keyColumns.map(quoted).join(", ");
  return `
    CREATE TABLE IF NOT EXISTS ${rows} ("row" INTEGER PRIMARY KEY, ${key}, UNIQUE (${key}));
    CREATE VIRTUAL TABLE IF NOT EXISTS ${words} USING fts5(
      "words", content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
    );
    ${triggersSql(index, keyColumns)}`;
}

function triggersSql(index: SqliteTextIndex, keyColumns: readonly string[]): string {
  const { words, rows } = namesOf(index);
  const [table, text] = [quoted(index.table), quoted(index.wordsOf)];
  const key = keyColumns.map(quoted);
  const newKey = key.map((column) => `NEW.${column}`);
  const isOf = (row: "NEW" | "OLD") => {
    return key.map((column) => `${column} = ${row}.${column}`).join(" AND ");
  };
  const trigger = (event: string) => {
    return `CREATE TRIGGER IF NOT EXISTS ${quoted(`${nameOf(index)}_${event}`)} AFTER`;
  };
  return `
    ${trigger("insert")} INSERT ON ${table} BEGIN
      INSERT INTO ${rows} (${key.join(", ")}) VALUES (${newKey.join(", ")});
      INSERT INTO ${words} (rowid, "words") VALUES (last_insert_rowid(), NEW.${text});
    END;
    ${trigger("update")} UPDATE OF ${text} ON ${table} WHEN OLD.${text} IS NOT NEW.${text} BEGIN
      UPDATE ${words} SET "words" = NEW.${text}
      WHERE rowid = (SELECT "row" FROM ${rows} WHERE ${isOf("NEW")});
    END;
    ${trigger("delete")} DELETE ON ${table} BEGIN
      DELETE FROM ${words} WHERE rowid = (SELECT "row" FROM ${rows} WHERE ${isOf("OLD")});
      DELETE FROM ${rows} WHERE ${isOf("OLD")};
    END;`;
}

/**
 * A subquery of the keys of the rows that hold words which begin with each of a text's: bind what
 * `matchOf` makes of that text.
 */
export function keysByWordsSql(index: SqliteTextIndex, keyColumns: readonly string[]): string {
  const { words, rows } = namesOf(index);
  const matching = `SELECT rowid FROM ${words} WHERE ${words} MATCH ?`;
  return `SELECT ${keyColumns.map(quoted).join(", ")} FROM ${rows} WHERE "row" IN (${matching})`;
}

/**
 * FTS5's query of a text that is nothing but words: each stands as a string, in which no sign is an
 * operator, with a star behind it for what begins so. Signs alone are no word and ask for nothing;
 * a text of those alone finds nothing.
 *
 *   alpha AND "be   →   "alpha"* "AND"* """be"*
 */
export function matchOf(text: string): string {
  // FTS5 reads a query up to its first NUL.
  const words = text.split(/[\s\0]+/).filter((word) => word !== "");
  return words.map((word) => `"${word.replaceAll('"', '""')}"*`).join(" ") || '""';
}

/** Refuses to search a file of older code, which readers use until the new one is built. */
export function requireTextIndex(queries: SqliteQueries, index: SqliteTextIndex): void {
  const sql = "SELECT 1 FROM sqlite_schema WHERE name = ?";
  if (queries.get(sql, [nameOf(index)]) !== null) return;
  const detail = `${index.table} cannot be searched before its new generation is built`;
  throw new PlatformError("NOT_READY", detail);
}

function namesOf(index: SqliteTextIndex) {
  return { words: quoted(nameOf(index)), rows: quoted(`${nameOf(index)}_rows`) };
}

function nameOf({ table, wordsOf }: SqliteTextIndex): string {
  return `${table}_words_of_${wordsOf}`;
}
