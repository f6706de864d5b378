import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const SECRET_MODE = 0o600;
export const PRIVATE_MODE = 0o700;

/** The text of a file; null where there is none. */
export function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** The value of a JSON text; null when it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Readers see the whole file or the one before, and nobody but the owner reads it. */
export function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_MODE });
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: SECRET_MODE, flush: true });
  renameSync(draft, file);
}
