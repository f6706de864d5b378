import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { StackError } from "./stack-error.ts";

/** So much of what a program printed is kept. */
const KEPT_LINES = 200;
const SHOWN_LINES = 12;

interface RunOptions {
  readonly withinMs: number;
  readonly folder?: string;
  /** On top of our own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: UserIds | null;
  readonly interrupted?: AbortSignal;
  readonly onStart?: ((pid: number) => void) | undefined;
  readonly onLine?: (line: string) => void;
}

/** Whom a child process runs as. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** Runs a program to its end; a failure tells the last lines that it printed. */
export async function runProgram(
  program: string,
  words: readonly string[],
  options: RunOptions,
): Promise<{ readonly output: string }> {
  const { withinMs, folder, environment, user, interrupted, onStart, onLine } = options;
  const limit = AbortSignal.timeout(withinMs);
  const child = spawn(program, words, {
    ...(folder === undefined ? {} : { cwd: folder }),
    ...(user ?? {}),
    env: childEnvironment(environment),
    stdio: ["ignore", "pipe", "pipe"],
    signal: interrupted ? AbortSignal.any([limit, interrupted]) : limit,
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine?.(line);
    });
  }
  const end = await new Promise<string>((resolve) => {
    child.on("error", (error) => {
      const isLimit = limit.aborted;
      resolve(isLimit ? `did not end within ${withinMs / 1000} s` : error.message);
    });
    child.on("close", (code, signal) => {
      resolve(code === 0 ? "" : `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  if (end === "") return { output: lines.join("\n") };
  throw new StackError(
    [`${program} ${end}`, ...lines.slice(-SHOWN_LINES)].join("\n"),
    `${program} ${words.join(" ")}`,
    "look at the lines above; then run the same command again",
  );
}

/** Our environment without our own settings: they are no affair of a server, and may be secret. */
export function childEnvironment(
  added: Readonly<Record<string, string>> = {},
): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("CH_"));
  return { ...Object.fromEntries(inherited), ...added };
}
