import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import { z } from "zod";
import { PlatformError } from "../errors/catalogue.ts";
import { type ApiKey, apiKeySchema } from "./api-key.ts";

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
const MAXIMUM_FILE_BYTES = 4 * 1024 * 1024;

/**
 * One line of the file. Nothing in it is ever changed, so that writing is one append:
 *
 *   {"id":"5f0c…","role":"trader","traderId":"t-1","label":"…","sha256":"…","createdAt":"…",
 *    "expiresAt":null}
 *   {"revoked":"5f0c…","revokedAt":"…"}
 */
const revocation = z.strictObject({ revoked: z.string(), revokedAt: z.iso.datetime() });
const line = z.union([apiKeySchema, revocation]);

type Line = z.infer<typeof line>;

/** A key as the file has it. */
export interface StoredKey {
  readonly key: ApiKey;
  /** ISO-8601; null: it was not. */
  readonly revokedAt: string | null;
}

export type StoredKeys = ReadonlyMap<string, StoredKey>;

/** Whether a key opens anything at a time. */
export function stateOf({ key, revokedAt }: StoredKey, nowMs: number): KeyState {
  if (revokedAt !== null) return "revoked";
  return key.expiresAt !== null && Date.parse(key.expiresAt) <= nowMs ? "expired" : "holds";
}

type KeyState = "holds" | "revoked" | "expired";

/** The keys of the file by their ids; CONFIG_INVALID where others could read it, or it is wrong. */
export function readKeyFile(file: string): StoredKeys {
  const descriptor = open(file, constants.O_RDONLY);
  try {
    requireOwnerOnly(file, descriptor);
    return keysIn(readFileSync(descriptor, "utf8"), file);
  } finally {
    closeSync(descriptor);
  }
}

/** Adds a key; the file is made where there is none. */
export function addKey(file: string, key: ApiKey): void {
  append(file, key, constants.O_CREAT);
}

/** Ends a key for good. */
export function revokeKey(file: string, id: string, nowMs: number): void {
  append(file, { revoked: id, revokedAt: new Date(nowMs).toISOString() });
}

/** One write of a whole line at the end: two that append at once do not touch each other's. */
function append(file: string, written: Line, create = 0): void {
  const descriptor = open(file, constants.O_RDWR | constants.O_APPEND | create);
  try {
    requireOwnerOnly(file, descriptor);
    const begin = endsWithLine(descriptor) ? "" : "\n";
    writeSync(descriptor, `${begin}${JSON.stringify(written)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Somebody may have edited the file by hand and left its last line open. */
function endsWithLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last.toString() === "\n";
}

function open(file: string, flags: number): number {
  try {
    return openSync(file, flags, OWNER_ONLY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const todo = "make the first key with: cipherhorizon keys create --role operator";
    throw invalid(file, `cannot be opened (${code}); ${todo}`);
  }
}

/** Windows has no such mode: there the folder's rights must do. */
function requireOwnerOnly(file: string, descriptor: number): void {
  const { mode, size } = fstatSync(descriptor);
  if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
    throw invalid(file, "can be opened by others; forbid that with: chmod 600");
  }
  if (size > MAXIMUM_FILE_BYTES) throw invalid(file, `is over ${MAXIMUM_FILE_BYTES} bytes`);
}

function keysIn(text: string, file: string): StoredKeys {
  const keys = new Map<string, StoredKey>();
  for (const [index, written] of text.split("\n").entries()) {
    if (written.trim() === "") continue;
    const parsed = parseLine(written);
    if (parsed === null) throw invalid(file, `line ${index + 1} is neither a key nor a revocation`);
    if ("id" in parsed) {
      if (keys.has(parsed.id))
        throw invalid(file, `line ${index + 1} has an id for the second time`);
      keys.set(parsed.id, { key: parsed, revokedAt: null });
      continue;
    }
    const known = keys.get(parsed.revoked);
    if (known === undefined)
      throw invalid(file, `line ${index + 1} revokes a key that is not there`);
    keys.set(parsed.revoked, { ...known, revokedAt: known.revokedAt ?? parsed.revokedAt });
  }
  return keys;
}

/** What is wrong with a line is not told: it may hold a key that was put there by mistake. */
function parseLine(text: string): Line | null {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function invalid(file: string, reason: string): PlatformError {
  const detail = `CH_API_KEYS_FILE: ${file} ${reason}`;
  return new PlatformError("CONFIG_INVALID", detail, {
    errors: [{ pointer: "/CH_API_KEYS_FILE", detail: reason }],
  });
}
