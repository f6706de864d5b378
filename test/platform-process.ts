import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../cli/cipherhorizon.mjs", import.meta.url));
const PINNED_NODE_FOLDER = dirname(createRequire(import.meta.url).resolve("node/package.json"));
/** The Node that the launcher wants: with another one it would start a process of its own. */
const NODE = join(PINNED_NODE_FOLDER, "bin", process.platform === "win32" ? "node.exe" : "node");
const READY_WITHIN_MILLISECONDS = 240_000;
const LOOK_EVERY_MILLISECONDS = 20;
const MESSAGES_KEPT = 100_000;

type Environment = Readonly<Record<string, string>>;

/** The real program in a process of its own, on a port that the system chooses. */
export interface PlatformProcess extends SpawnedPlatform {
  readonly url: string;
}

/** The program from its first moment on, when it does not serve yet. */
export interface SpawnedPlatform {
  readonly child: ChildProcess;
  /** What it has printed on stderr. */
  readonly messages: () => string;
  /** Its address, as soon as it says that it is ready. */
  ready(): Promise<string>;
  /** SIGKILL, and the wait for its end. */
  kill(): Promise<void>;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `cipherhorizon serve all` on a data folder and waits until it is ready. */
export async function startPlatformProcess(
  folder: string,
  environment: Environment = {},
): Promise<PlatformProcess> {
  const spawned = spawnPlatform(folder, environment);
  return { ...spawned, url: await spawned.ready() };
}

interface Program {
  /** Of projections. */
  readonly names?: readonly string[];
  /** The launcher of other code than this. */
  readonly launcher?: string;
}

/** Starts `cipherhorizon serve all`, or another part, on a data folder. */
export function spawnPlatform(
  folder: string,
  environment: Environment = {},
  part: "all" | "command-side" | "projections" | "query-api" = "all",
  { names = [], launcher = CLI }: Program = {},
): SpawnedPlatform {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("CH_"));
  const child = spawn(NODE, [launcher, "serve", part, ...names], {
    env: {
      ...Object.fromEntries(inherited),
      CH_DATA_FOLDER: folder,
      CH_PORT: "0",
      CH_COMMAND_PORT: "0",
      CH_LOG_LEVEL: "warn",
      // What was replaced is not fed for long beside what a test rebuilds next.
      CH_GENERATION_GRACE_SECONDS: "2",
      ...environment,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr?.on("data", (chunk) => {
    text = (text + String(chunk)).slice(-MESSAGES_KEPT);
  });
  const messages = () => text;
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    if (hasEnded(child)) return;
    child.kill(signal);
    await once(child, "exit");
  };
  return {
    child,
    messages,
    ready: () => addressOf({ child, messages }, join(folder, "lock.json")),
    kill: () => end("SIGKILL"),
    stop: async () => {
      await end("SIGTERM");
      return child.exitCode;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return (child.exitCode ?? child.signalCode) !== null;
}

/** The lock names the address; one that a killed process has left behind names another pid. */
async function addressOf(
  { child, messages }: Pick<SpawnedPlatform, "child" | "messages">,
  lockFile: string,
): Promise<string> {
  const deadline = performance.now() + READY_WITHIN_MILLISECONDS;
  while (performance.now() < deadline) {
    if (hasEnded(child)) throw new Error(`the platform ended:\n${messages()}`);
    const lock = existsSync(lockFile) ? lockOf(lockFile) : null;
    const url = lock?.pid === child.pid ? (lock?.address ?? null) : null;
    if (url !== null && (await answersOk(`${url}/readyz`))) return url;
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
  throw new Error(`the platform was not ready in time:\n${messages()}`);
}

function lockOf(file: string): { readonly pid: number; readonly address: string | null } {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** False also where nobody listens: not yet, or no more. */
export async function answersOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
