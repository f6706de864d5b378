import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
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
const STRATEGY = "command-side/contexts/strategies/strategy";

/** Each text must stand in its file exactly once. */
const CHANGES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "state.ts": [
    ["readonly version: number;", "readonly revision: number;"],
    [
      "return { owner, version, document, status",
      "return { owner, revision: version, document, status",
    ],
    ["{ ...state, version: event.data.version,", "{ ...state, revision: event.data.version,"],
  ],
  "decide.ts": [
    ["const { version } = state;", "const { revision: version } = state;"],
    ["version: state.version + 1", "version: state.revision + 1"],
    ["{ status, version }: ExistingStrategy", "{ status, revision: version }: ExistingStrategy"],
  ],
  "activate.ts": [["{ status, version, document }", "{ status, revision: version, document }"]],
};

/**
 * This program as its next version may be: a field of a strategy's state has another name, and the
 * state's version is `stateVersion`. Gives its launcher.
 */
export function copyNewerCode(folder: string, stateVersion: number): string {
  for (const source of SOURCES)
    cpSync(join(ROOT, source), join(folder, source), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const [file, replacements] of Object.entries(CHANGES)) {
    for (const [before, after] of replacements)
      replaceIn(join(folder, STRATEGY, file), before, after);
  }
  const now = `STATE_VERSION = ${stateVersion - 1};`;
  replaceIn(join(folder, STRATEGY, "state.ts"), now, `STATE_VERSION = ${stateVersion};`);
  return join(folder, "cli", "cipherhorizon.mjs");
}

function replaceIn(file: string, before: string, after: string): void {
  const parts = readFileSync(file, "utf8").split(before);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${before}`);
  writeFileSync(file, parts.join(after));
}
