import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fetchServer } from "./fetch.ts";
import { PRIVATE_MODE, writeWhole } from "./files.ts";
import {
  chooseInstances,
  chooseServers,
  instancesOf,
  makeInstanceFolder,
  makeStackFolder,
  writeEnvFile,
} from "./instances.ts";
import { checkPorts, freePorts } from "./ports.ts";
import { planFetches } from "./recipe.ts";
import type { Instance, Server } from "./server.ts";
import {
  lastLogLines,
  lastProcess,
  logFile,
  runningProcess,
  startProcess,
} from "./server-process.ts";
import {
  NO_SETTINGS,
  readSettings,
  type Settings,
  withPorts,
  withServer,
  writeSettings,
} from "./settings.ts";
import { StackError } from "./stack-error.ts";
import { withStackLocked } from "./stack-lock.ts";
import { checkTools } from "./tools.ts";

const READY_POLL_MS = 100;
/** Written when the data folder is made; without it whatever lies there is half of one. */
const INITIALISED_FILE = "initialised";

export type Step = "waiting" | "fetching" | "preparing" | "starting" | "ready" | "failed";

export interface UpRequest {
  readonly folder: string;
  readonly cache: string;
  /** Servers or instances; none: the usual servers. */
  readonly names: readonly string[];
  /** How many nodes Kafka has; null: as many as it has, or one. */
  readonly kafkaNodes: number | null;
  /** Servers that do not run get other ports, which are free now. */
  readonly freePorts: boolean;
  readonly interrupted: AbortSignal;
  readonly report: (name: string, step: Step, detail: string) => void;
}

export interface UpOutcome {
  readonly instance: Instance;
  readonly wasRunning: boolean;
  /** Null when it is ready. */
  readonly error: unknown;
  readonly durationMs: number;
}

/** Starts what of the stack does not run yet; the failure of one server is none of the others. */
export async function bringUp(
  request: UpRequest,
): Promise<{ readonly outcomes: readonly UpOutcome[]; readonly envFile: string }> {
  const { folder, cache, names } = request;
  const chosen = chooseServers(names);
  await checkTools(chosen, planFetches(cache, chosen));
  makeStackFolder(folder);
  return withStackLocked(folder, async () => {
    const settings = await settingsFor(request, chosen);
    const all = instancesOf(folder, settings, cache);
    const wanted = names.length > 0 ? names : chosen.map(({ name }) => name);
    const instances = chooseInstances(all, wanted);
    writeSettings(folder, settings);
    const made = instances.map(makeInstanceFolder);
    const envFile = writeEnvFile(folder, instancesOf(folder, settings, cache));
    return { outcomes: await startAll(made, request), envFile };
  });
}

/** The settings with all that was asked for in them. */
async function settingsFor(request: UpRequest, chosen: readonly Server[]): Promise<Settings> {
  const { folder, kafkaNodes } = request;
  let settings = readSettings(folder) ?? NO_SETTINGS;
  for (const server of chosen) {
    settings = withServer(settings, server, server.hasNodes ? kafkaNodes : null);
  }
  return request.freePorts ? withFreePorts(settings, request, chosen) : settings;
}

async function withFreePorts(
  settings: Settings,
  { folder, cache }: UpRequest,
  chosen: readonly Server[],
): Promise<Settings> {
  const all = instancesOf(folder, settings, cache);
  const running = all.filter((instance) => runningProcess(instance) !== null);
  // Nodes that run know the ports of those that do not.
  const busy = new Set(running.map(({ server }) => server));
  const idle = all.filter(({ server }) => chosen.includes(server) && !busy.has(server));
  const count = idle.reduce((sum, { ports }) => sum + Object.keys(ports).length, 0);
  const free = (await freePorts(count)).values();
  return idle.reduce((changed, instance) => {
    const ports = Object.keys(instance.ports).map((purpose) => [purpose, free.next().value ?? 0]);
    return withPorts(changed, instance, Object.fromEntries(ports));
  }, settings);
}

function startAll(instances: readonly Instance[], request: UpRequest): Promise<UpOutcome[]> {
  const { cache, interrupted, report } = request;
  const fetches = new Map<Server, Promise<void>>();
  const fetched = (server: Server) => {
    const own = instances.filter((instance) => instance.server === server);
    const tell = (detail: string) => {
      for (const { name } of own) report(name, "fetching", detail);
    };
    const fetch = fetches.get(server) ?? fetchServer(server, { cache, interrupted, report: tell });
    fetches.set(server, fetch);
    return fetch;
  };
  return Promise.all(
    instances.map(async (instance) => {
      const startedAtMs = performance.now();
      const wasRunning = runningProcess(instance) !== null;
      report(instance.name, "waiting", "");
      try {
        await fetched(instance.server);
        await startInstance(instance, request);
        const durationMs = performance.now() - startedAtMs;
        const detail = `after ${(durationMs / 1000).toFixed(1)} s`;
        report(instance.name, "ready", wasRunning ? "it was running already" : detail);
        return { instance, wasRunning, error: null, durationMs };
      } catch (error) {
        report(instance.name, "failed", interrupted.aborted ? "interrupted" : "");
        return { instance, wasRunning, error, durationMs: performance.now() - startedAtMs };
      }
    }),
  );
}

async function startInstance(
  instance: Instance,
  { interrupted, report }: UpRequest,
): Promise<void> {
  if (runningProcess(instance) === null) {
    report(instance.name, "preparing", "");
    await checkPorts(instance);
    await prepare(instance);
    const ended = lastProcess(instance);
    if (ended !== null) await instance.server.clearAfter(instance, ended.pid);
    interrupted.throwIfAborted();
    await startProcess(instance);
  }
  report(instance.name, "starting", "");
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
  rmSync(join(folder, "data"), { recursive: true, force: true });
  mkdirSync(join(folder, "data"), { mode: PRIVATE_MODE });
  await server.initialise(instance);
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
