import type { DatabaseSync } from "node:sqlite";
import { PlatformError } from "../../errors/catalogue.ts";

/** The form of the tables; a file of a later form is not opened. */
const LOG_FORMAT = 1;

/** What is known of the log as a whole; `null` where the file holds no log yet. */
export function readLogId(database: DatabaseSync): string | null {
  const hasTable = database
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_meta'")
    .get();
  if (!hasTable) return null;
  assertFormat(readMeta(database, "format"));
  return readMeta(database, "log_id");
}

export function insertMeta(database: DatabaseSync, logId: string): void {
  const insert = database.prepare("INSERT INTO log_meta (name, value) VALUES (?, ?)");
  insert.run("format", String(LOG_FORMAT));
  insert.run("log_id", logId);
}

/** The log is another one from here on. */
export function updateLogId(database: DatabaseSync, logId: string): void {
  database.prepare("UPDATE log_meta SET value = ? WHERE name = 'log_id'").run(logId);
}

function readMeta(database: DatabaseSync, name: "format" | "log_id"): string | null {
  const row = database.prepare("SELECT value FROM log_meta WHERE name = ?").get(name);
  return row ? (row.value as string) : null;
}

function assertFormat(format: string | null): void {
  if (format === null || Number(format) <= LOG_FORMAT) return;
  const detail = `log.db has format ${format}; this version reads up to ${LOG_FORMAT}`;
  throw new PlatformError("LOG_UNAVAILABLE", detail);
}
