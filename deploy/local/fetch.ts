import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { type FolderLock, lockFolder } from "../../platform/lifecycle/folder-lock.ts";
import { buildWithGo } from "./fetch-go.ts";
import { fetchFromMaven } from "./fetch-maven.ts";
import { writeWhole } from "./files.ts";
import { FETCHED_FILE, isFetched, programFolder } from "./recipe.ts";
import type { Recipe, Server } from "./server.ts";
import { StackError } from "./stack-error.ts";

/** How long another process may take that fetches the same. */
const OTHER_FETCH_WITHIN_MS = 30 * 60_000;
const LOCK_POLL_MS = 250;

export interface Fetching {
  /** The folder of everything fetched. */
  readonly cache: string;
  readonly interrupted: AbortSignal;
  /** Told how far it is: `12 of about 54 MB`. */
  readonly report: (progress: string) => void;
}

/**
 * Fetches a server's files where they are not cached yet. The folder appears under its name when it
 * is whole; what a broken run has fetched is used by the next one.
 */
export async function fetchServer(server: Server, fetching: Fetching): Promise<void> {
  const { recipe, name, version } = server;
  if (recipe === null) return;
  const folder = programFolder(fetching.cache, server);
  if (isFetched(folder)) return;
  const lock = await lockFetch(join(fetching.cache, "locks", `${name}-${version}`), fetching);
  try {
    // Whoever held the lock may have fetched it.
    if (isFetched(folder)) return;
    const work = `${folder}.work`;
    mkdirSync(work, { recursive: true });
    await follow(recipe, work, fetching);
    writeWhole(join(work, FETCHED_FILE), `${JSON.stringify(sizesOf(work), null, 2)}\n`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  } finally {
    lock.release();
  }
}

function follow(recipe: Recipe, work: string, fetching: Fetching): Promise<void> {
  if (recipe.kind === "go") return buildWithGo(recipe, work, fetching);
  return fetchFromMaven(recipe, work, fetching);
}

async function lockFetch(folder: string, { interrupted, report }: Fetching): Promise<FolderLock> {
  const deadlineMs = performance.now() + OTHER_FETCH_WITHIN_MS;
  for (;;) {
    try {
      return lockFolder(folder);
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== "FOLDER_LOCKED") throw error;
      if (performance.now() > deadlineMs) throw tooLong(folder);
    }
    report("another process fetches it");
    await sleep(LOCK_POLL_MS, undefined, { signal: interrupted });
  }
}

function tooLong(folder: string): StackError {
  return new StackError(
    `another process has been fetching it for ${OTHER_FETCH_WITHIN_MS / 60_000} minutes`,
    `waiting for ${folder}, which names that process`,
    "end that process, then run the same command again",
  );
}

function sizesOf(folder: string): Record<string, number> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length + 1), statSync(path).size] as const;
  });
  return Object.fromEntries(sizes);
}
