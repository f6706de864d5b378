import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { PlatformError } from "../errors/catalogue.ts";
import { currentProcess, mayBeAlive } from "./process-identity.ts";

/** How long we wait for another process that looks at the lock at the same moment. */
const LOCK_GUARD_TIMEOUT_MS = 5_000;

const LOCK_FILE = "lock.json";
const GUARD_FILE = "lock.guard";

const lockContent = z.object({
  pid: z.int().positive(),
  host: z.string(),
  startMark: z.string().nullable(),
  startedAt: z.iso.datetime(),
  /** Where the holder listens; null until it does. */
  address: z.string().nullable(),
  /** Tells this lock from a later one of the same process. */
  lockId: z.uuid(),
});

/** Who is the command side of a data folder. */
export type LockHolder = Readonly<z.infer<typeof lockContent>>;

export interface FolderLock {
  /** Tells everybody who reads the lock where the holder listens. */
  publishAddress(address: string): void;
  /** Gives the folder back; harmless when done twice. */
  release(): void;
}

/**
 * Makes this process the only command side of the folder. `FOLDER_LOCKED` names the holder; the
 * lock of a process that is certainly gone is taken over.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const mine: LockHolder = {
    ...currentProcess(),
    startedAt: new Date().toISOString(),
    address: null,
    lockId: randomUUID(),
  };
  guarded(folder, () => {
    const holder = readLock(folder);
    if (holder !== null && mayBeAlive(holder)) throw locked(folder, holder);
    writeLock(folder, mine, holder === null ? "create" : "replace");
  });
  return {
    publishAddress: (address) => {
      guarded(folder, () => {
        if (isMine(folder, mine)) writeLock(folder, { ...mine, address }, "replace");
      });
    },
    release: () => {
      guarded(folder, () => {
        if (isMine(folder, mine)) rmSync(join(folder, LOCK_FILE), { force: true });
      });
    },
  };
}

/** The living holder of the folder's lock, or null. */
export function readFolderLock(folder: string): LockHolder | null {
  const holder = readLock(folder);
  return holder !== null && mayBeAlive(holder) ? holder : null;
}

function isMine(folder: string, mine: LockHolder): boolean {
  return readLock(folder)?.lockId === mine.lockId;
}

/**
 * Looking at a lock and replacing it must be one step, or two processes that both find a dead
 * holder both take over. The system frees a database's lock when its holder dies, whatever
 * happens, so the guard itself never goes stale.
 */
function guarded(folder: string, step: () => void): void {
  const guard = new DatabaseSync(join(folder, GUARD_FILE), { timeout: LOCK_GUARD_TIMEOUT_MS });
  try {
    guard.exec("BEGIN EXCLUSIVE");
    step();
    guard.exec("ROLLBACK");
  } finally {
    guard.close();
  }
}

/**
 * Readers see the whole lock or none, after a power loss, too: it is written aside, to the disk,
 * and then put in its place.
 */
function writeLock(folder: string, lock: LockHolder, how: "create" | "replace"): void {
  const file = join(folder, LOCK_FILE);
  const draft = `${file}.${lock.lockId}`;
  writeFileSync(draft, `${JSON.stringify(lock, null, 2)}\n`, { flag: "wx", flush: true });
  try {
    if (how === "create") linkSync(draft, file);
    else renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

function readLock(folder: string): LockHolder | null {
  const file = join(folder, LOCK_FILE);
  const text = textOf(file);
  if (text === null) return null;
  const parsed = lockContent.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const detail = `${file} is not a lock of the platform; look at it, and remove it if nothing runs.`;
  throw new PlatformError("FOLDER_LOCKED", detail);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function locked(folder: string, holder: LockHolder): PlatformError {
  const { pid, host, address, startedAt } = holder;
  const where = address === null ? "which does not listen yet" : `which listens at ${address}`;
  const detail =
    `${folder} is in use by process ${pid} on ${host} since ${startedAt}, ${where}. ` +
    "Talk to that process, stop it, or choose another CH_DATA_FOLDER.";
  return new PlatformError("FOLDER_LOCKED", detail, { facts: { pid, host, address, startedAt } });
}
