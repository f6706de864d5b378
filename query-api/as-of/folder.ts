import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type FileLock, tryFileLock } from "../../projections/runner/file-lock.ts";

/** Where a process keeps what it builds to answer about the past. */
export interface AsOfFolder {
  readonly path: string;
  /** Removes it with all that is in it. */
  remove(): void;
}

/** Makes `<folder>/as-of/<id>/`, and removes those of processes that are gone. */
export function makeAsOfFolder(dataFolder: string): AsOfFolder {
  const root = join(dataFolder, "as-of");
  removeLeftOvers(root);
  const path = join(root, randomUUID());
  const lock = tryFileLock(lockFileOf(path));
  if (lock === null) throw new Error(`${path} is somebody else's`);
  mkdirSync(path);
  return {
    path,
    remove: () => removeLocked(path, lock),
  };
}

/** The kernel takes the lock back from a process that is gone, however it went. */
function removeLeftOvers(root: string): void {
  if (!existsSync(root)) return;
  const folders = readdirSync(root, { withFileTypes: true }).filter((one) => one.isDirectory());
  for (const { name } of folders) {
    const path = join(root, name);
    const lock = tryFileLock(lockFileOf(path));
    if (lock !== null) removeLocked(path, lock);
  }
}

function removeLocked(path: string, lock: FileLock): void {
  rmSync(path, { recursive: true, force: true });
  lock.release();
  rmSync(lockFileOf(path), { force: true });
}

function lockFileOf(path: string): string {
  return `${path}.lock`;
}
