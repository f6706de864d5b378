/** SQLite's primary result codes that matter here; an extended code holds them in its low byte. */
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;

/** The content of a row is at fault: writing it again would fail again. */
export function isDataErrorOfSqlite(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_TOOBIG || code === SQLITE_CONSTRAINT || code === SQLITE_MISMATCH;
}

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

/** A read-only connection met a journal that its writer, killed, must take back first. */
export function isLeftUnfinished(error: unknown): boolean {
  return primaryCode(error) === SQLITE_READONLY;
}

function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}
