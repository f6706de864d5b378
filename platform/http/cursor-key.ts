import { createHash, randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CursorKey } from "./cursor.ts";

const KEY_BYTES = 32;
const KEY_FILE = "cursor.key";
const OWNER_ONLY = 0o600;

/**
 * The configured secret as a key, else the data folder's own, which is made on first use: cursors
 * outlive a restart, and several processes on one folder understand each other's.
 */
export function loadCursorKey(dataFolder: string, secret: string | null): CursorKey {
  if (secret !== null) return { bytes: createHash("sha256").update(secret).digest() };
  const file = join(dataFolder, KEY_FILE);
  const known = readKey(file);
  if (known !== null) return known;
  makeKey(dataFolder, file);
  const made = readKey(file);
  if (made === null) throw new Error(`${file} does not hold ${KEY_BYTES} bytes; remove it`);
  return made;
}

function readKey(file: string): CursorKey | null {
  try {
    const bytes = readFileSync(file);
    return bytes.length === KEY_BYTES ? { bytes } : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Whole or not at all, and the first of several processes wins. */
function makeKey(dataFolder: string, file: string): void {
  mkdirSync(dataFolder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, randomBytes(KEY_BYTES), { mode: OWNER_ONLY });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
