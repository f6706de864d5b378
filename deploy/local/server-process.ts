import { spawn } from "node:child_process";
import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  identityOf,
  isCertainlyAlive,
  mayBeAlive,
  type ProcessIdentity,
} from "../../platform/lifecycle/process-identity.ts";
import { jsonOf, textOf, writeWhole } from "./files.ts";
import { childEnvironment } from "./run-program.ts";
import type { Instance } from "./server.ts";
import { StackError } from "./stack-error.ts";
import { userIds } from "./user.ts";

const PROCESS_FILE = "process.json";
/** The program that makes the data folder. */
const INITIALISING_FILE = "initialising.json";
const INITIALISING_ENDS_WITHIN_MS = 60_000;
const LOG_FILE = "server.log";
/** What the run before the last start wrote; older ones are gone. */
const PREVIOUS_LOG_FILE = "server.previous.log";
const STOP_POLL_MS = 50;
const SHOWN_LOG_LINES = 12;
/** As each of the servers marks them. */
const ERROR_LINE = /\b(ERROR|FATAL|lvl=error)\b|^Caused by: /;

const processSchema = z.strictObject({
  pid: z.int().positive(),
  host: z.string(),
  startMark: z.string().nullable(),
  startedAt: z.iso.datetime(),
});

/** The process of an instance, as its file tells. */
export type ServerProcess = Readonly<z.infer<typeof processSchema>>;

export function logFile({ folder }: Pick<Instance, "folder">): string {
  return join(folder, LOG_FILE);
}

/** The process that runs for an instance; null when none does, whatever a stale file says. */
export function runningProcess(instance: Pick<Instance, "folder">): ServerProcess | null {
  const last = lastProcess(instance);
  return last !== null && mayBeAlive(last) ? last : null;
}

/** The process that was started last for an instance, whether it runs or not. */
export function lastProcess({ folder }: Pick<Instance, "folder">): ServerProcess | null {
  return readProcess(join(folder, PROCESS_FILE));
}

function readProcess(file: string): ServerProcess | null {
  const text = textOf(file);
  if (text === null) return null;
  const parsed = processSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new StackError(
    `${file} is not what the stack writes`,
    "reading which process runs",
    "end the server's process by hand if there is one, and remove the file",
  );
}

/** Starts the server in a session of its own, so that it outlives us and our terminal. */
export async function startProcess(instance: Instance): Promise<ProcessIdentity> {
  const { server, folder } = instance;
  const { program, arguments: words, environment } = server.launch(instance);
  keepPreviousLog(instance);
  const log = openSync(logFile(instance), "a", 0o600);
  try {
    const child = spawn(program, words, {
      cwd: folder,
      env: childEnvironment(environment),
      stdio: ["ignore", log, log],
      detached: true,
      ...((await userIds(server)) ?? {}),
    });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const started = new Promise<void>((resolve) => child.once("spawn", resolve));
    if (child.pid !== undefined) writeProcess(join(folder, PROCESS_FILE), child.pid);
    await Promise.race([started, failed]);
    child.unref();
    return identityOf(child.pid ?? 0);
  } finally {
    closeSync(log);
  }
}

function writeProcess(file: string, pid: number): void {
  const mine: ServerProcess = { ...identityOf(pid), startedAt: new Date().toISOString() };
  writeWhole(file, `${JSON.stringify(mine)}\n`);
}

/** Remembers the program that makes an instance's data folder, for the case that we are killed. */
export function noteInitialising({ folder }: Instance, pid: number): void {
  writeProcess(join(folder, INITIALISING_FILE), pid);
}

/** Waits until no program of a killed run works in the data folder any more. */
export async function untilNotInitialising({ folder }: Instance): Promise<void> {
  const file = join(folder, INITIALISING_FILE);
  const last = readProcess(file);
  if (last === null || (await hasEnded(last, INITIALISING_ENDS_WITHIN_MS))) return;
  throw new StackError(
    `process ${last.pid} of an earlier start still makes the data folder`,
    `waiting ${INITIALISING_ENDS_WITHIN_MS / 1000} s for its end`,
    `end it, remove ${file}, and run the same command again`,
  );
}

function keepPreviousLog(instance: Instance): void {
  try {
    renameSync(logFile(instance), join(instance.folder, PREVIOUS_LOG_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Ends the process of an instance and waits for its end; `isForced`: kills it past its limit. */
export async function stopProcess(instance: Instance, isForced: boolean): Promise<boolean> {
  const running = runningProcess(instance);
  if (running === null) return false;
  if (!isCertainlyAlive(running)) throw unsure(instance, running);
  const { stopSignal, stopWithinMs } = instance.server;
  send(running.pid, stopSignal);
  if (!(await hasEnded(running, stopWithinMs))) {
    if (!isForced) throw stillRunning(instance, running);
    if (isCertainlyAlive(running)) send(running.pid, "SIGKILL");
    if (!(await hasEnded(running, stopWithinMs))) throw stillRunning(instance, running);
  }
  rmSync(join(instance.folder, PROCESS_FILE), { force: true });
  return true;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended by itself in this very moment.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function hasEnded(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  while (mayBeAlive(identity)) {
    if (performance.now() > deadlineMs) return false;
    await sleep(STOP_POLL_MS);
  }
  return true;
}

/** What an instance's log says last: its errors where it tells any, else its last lines. */
export function lastLogLines(instance: Instance): string {
  const lines = (textOf(logFile(instance)) ?? "").trimEnd().split("\n");
  const errors = lines.filter((line) => ERROR_LINE.test(line));
  return (errors.length > 0 ? errors : lines).slice(-SHOWN_LOG_LINES).join("\n");
}

function stillRunning({ name, server }: Instance, { pid }: ServerProcess): StackError {
  const seconds = server.stopWithinMs / 1000;
  return new StackError(
    `process ${pid} has not ended within ${seconds} s`,
    `${server.stopSignal}, and waiting`,
    `wait and run the same command again, or: cipherhorizon stack down ${name} --force`,
  );
}

function unsure({ folder }: Instance, { pid, host }: ServerProcess): StackError {
  return new StackError(
    `process ${pid} on ${host} may be another one than the server that was started`,
    "comparing its start time, which this system does not tell, or which is another host's",
    `look at it on ${host}; end it by hand, and remove ${join(folder, PROCESS_FILE)}`,
  );
}
