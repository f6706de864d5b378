import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PRIVATE_MODE, writeWhole } from "./files.ts";
import { checkPorts } from "./ports.ts";
import type { Instance } from "./server.ts";
import {
  lastLogLines,
  lastProcess,
  logFile,
  noteInitialising,
  runningProcess,
  startProcess,
  untilNotInitialising,
} from "./server-process.ts";
import { StackError } from "./stack-error.ts";

const READY_POLL_MS = 100;
/** Written when the data folder is made; without it whatever lies there is half of one. */
const INITIALISED_FILE = "initialised";

/** Starts an instance unless it runs, and waits until it is ready. */
export async function startInstance(
  instance: Instance,
  interrupted: AbortSignal,
  tell: (step: "preparing" | "starting") => void,
): Promise<void> {
  if (runningProcess(instance) === null) {
    tell("preparing");
    await checkPorts(instance);
    await prepare(instance);
    const ended = lastProcess(instance);
    if (ended !== null) await instance.server.clearAfter(instance, ended.pid);
    interrupted.throwIfAborted();
    await startProcess(instance);
  }
  tell("starting");
  await untilReady(instance, interrupted);
  await instance.server.settle(instance);
}

/** Settings are written anew each time; data are made once, and whole. */
async function prepare(instance: Instance): Promise<void> {
  const { server, folder } = instance;
  if (server.user !== null && process.getuid?.() === 0) checkPassable(folder, server.user);
  for (const [name, text] of Object.entries(server.files(instance))) {
    writeWhole(join(folder, name), text);
  }
  const mark = join(folder, INITIALISED_FILE);
  if (existsSync(mark)) return;
  await untilNotInitialising(instance);
  rmSync(join(folder, "data"), { recursive: true, force: true });
  mkdirSync(join(folder, "data"), { mode: PRIVATE_MODE });
  await server.initialise(instance, (pid) => noteInitialising(instance, pid));
  writeWhole(mark, "");
}

/** Another user must get to a folder through all that are above it. */
function checkPassable(folder: string, user: string): void {
  for (let above = dirname(folder); above !== dirname(above); above = dirname(above)) {
    if ((statSync(above).mode & 0o001) !== 0) continue;
    throw new StackError(
      `the user ${user} cannot pass through ${above}`,
      `looking whether it gets to ${folder}: the server does not run as root, but as this user`,
      "choose a folder that all may pass through, such as: --dir /var/lib/cipherhorizon/stack",
    );
  }
}

async function untilReady(instance: Instance, interrupted: AbortSignal): Promise<void> {
  const { server } = instance;
  const deadlineMs = performance.now() + server.readyWithinMs;
  for (;;) {
    const lastError = await notReady(instance);
    if (lastError === null) return;
    if (runningProcess(instance) === null) throw endedAtStart(instance);
    if (performance.now() > deadlineMs) throw tooLate(instance, lastError);
    await sleep(READY_POLL_MS, undefined, { signal: interrupted });
  }
}

async function notReady(instance: Instance): Promise<string | null> {
  try {
    await instance.server.checkReady(instance);
    return null;
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? `${message}: ${cause.message}` : message;
  }
}

function endedAtStart(instance: Instance): StackError {
  return new StackError(
    `it ended while it was starting; its last lines:\n${lastLogLines(instance)}`,
    `starting ${instance.server.name} ${instance.server.version}`,
    `see ${logFile(instance)}, then run the same command again`,
  );
}

function tooLate(instance: Instance, lastError: string): StackError {
  const seconds = instance.server.readyWithinMs / 1000;
  return new StackError(
    `it is not ready after ${seconds} s: ${lastError}`,
    "starting it and asking it again and again; it has been left running",
    `see ${logFile(instance)}; the same command waits for it once more`,
  );
}
