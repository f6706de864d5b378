import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../cli/cipherhorizon.mjs", import.meta.url));
const POLL_MS = 20;
const SHOWS_WITHIN_MS = 60_000;

export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when the text stands on standard output. */
  shows(text: string): Promise<void>;
  ended(): Promise<CliRun>;
}

type Environment = Readonly<Record<string, string>>;

/** The real command line in a process of its own, without a terminal. */
export function startCli(words: readonly string[], environment: Environment = {}): RunningCli {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("CH_"));
  const child = spawn(process.execPath, [CLI, ...words], {
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    texts.stdout += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    texts.stderr += String(chunk);
  });
  const closed = once(child, "close");
  return {
    child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    shows: async (text) => {
      const deadlineMs = performance.now() + SHOWS_WITHIN_MS;
      while (!texts.stdout.includes(text)) {
        if (child.exitCode !== null || performance.now() > deadlineMs) {
          throw new Error(`never showed ${text}:\n${texts.stdout}\n${texts.stderr}`);
        }
        await sleep(POLL_MS);
      }
    },
    ended: async () => {
      await closed;
      return { exitCode: child.exitCode, ...texts };
    },
  };
}

export function runCli(words: readonly string[], environment?: Environment): Promise<CliRun> {
  return startCli(words, environment).ended();
}

/** The lines of `--json`. */
export function jsonLines(text: string): readonly Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line));
}
