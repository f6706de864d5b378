import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "../stores/sqlite/errors.ts";

/** A lock that the kernel takes back when its process dies, however it dies. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock on `file`, or gives `null` when another process or thread holds it. It is SQLite's
 * own exclusive lock on an otherwise empty database: the one advisory file lock that Node has.
 */
export function tryFileLock(file: string): FileLock | null {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (isBusy(error)) return null;
    throw error;
  }
}
