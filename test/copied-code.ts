import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What the program is made of. */
const SOURCES = [
  "cli",
  "command-side",
  "console",
  "deploy",
  "kafka-topics",
  "package.json",
  "platform",
  "projections",
  "query-api",
  "schemas",
] as const;

/** By file: texts that must stand in it exactly once, and what stands there instead. */
export type CodeChanges = Readonly<Record<string, readonly (readonly [string, string])[]>>;

/** This program as another version of it may be. Gives its launcher. */
export function copyCode(folder: string, changes: CodeChanges): string {
  for (const source of SOURCES)
    cpSync(join(ROOT, source), join(folder, source), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const [file, replacements] of Object.entries(changes)) {
    for (const [before, after] of replacements) replaceIn(join(folder, file), before, after);
  }
  return join(folder, "cli", "cipherhorizon.mjs");
}

function replaceIn(file: string, before: string, after: string): void {
  const parts = readFileSync(file, "utf8").split(before);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${before}`);
  writeFileSync(file, parts.join(after));
}
