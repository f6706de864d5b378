import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../cli/cipherhorizon.mjs", import.meta.url));
const READY_WITHIN_MILLISECONDS = 60_000;

/** The real program in a process of its own, on a port that the system chooses. */
export interface PlatformProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it has printed on stderr. */
  readonly messages: () => string;
  /** SIGKILL, and the wait for its end. */
  kill(): Promise<void>;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `cipherhorizon serve all` on a data folder and waits until it is ready. */
export async function startPlatformProcess(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<PlatformProcess> {
  const child = spawn(process.execPath, [CLI, "serve", "all"], {
    env: { ...process.env, CH_DATA_FOLDER: folder, CH_PORT: "0", ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let messages = "";
  child.stderr?.on("data", (chunk) => {
    messages = (messages + String(chunk)).slice(-100_000);
  });
  const url = await addressOf(child, folder, () => messages);
  const ended = () => (child.exitCode ?? child.signalCode) !== null;
  return {
    url,
    child,
    messages: () => messages,
    kill: async () => {
      if (ended()) return;
      process.kill(await innermost(child), "SIGKILL");
      if (!ended()) await once(child, "exit");
    },
    stop: async () => {
      if (!ended()) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      return child.exitCode;
    },
  };
}

/** The lock names the process that serves the folder, which a launcher may have started. */
async function addressOf(
  child: ChildProcess,
  folder: string,
  messages: () => string,
): Promise<string> {
  const deadline = performance.now() + READY_WITHIN_MILLISECONDS;
  const file = join(folder, "lock.json");
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the platform ended:\n${messages()}`);
    const address = existsSync(file) ? lockOf(file) : null;
    if (address !== null && (await isReady(address.url))) {
      pids.set(child, address.pid);
      return address.url;
    }
    await sleep(20);
  }
  throw new Error(`the platform was not ready in time:\n${messages()}`);
}

const pids = new WeakMap<ChildProcess, number>();

async function innermost(child: ChildProcess): Promise<number> {
  return pids.get(child) ?? (child.pid as number);
}

function lockOf(file: string): { pid: number; url: string } | null {
  try {
    const { pid, address } = JSON.parse(readFileSync(file, "utf8"));
    return address === null || address === undefined ? null : { pid, url: address };
  } catch (error) {
    // Read while it is being written: the next look sees it whole.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch (error) {
    // Nothing listens yet, or a lock of an earlier life names an old port.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
