/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/** The disk, or the page limit of the file, has no room: nothing of the transaction was written. */
export function isDiskFull(error: unknown): boolean {
  return primaryCode(error) === SQLITE_FULL;
}

/** Another process holds the write lock for longer than the time-out: nothing was written. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}
