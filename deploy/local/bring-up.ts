import type { Platform } from "../logins/logins.ts";
import { fetchServer } from "./fetch.ts";
import {
  chooseInstances,
  chooseServers,
  instancesOf,
  makeInstanceFolder,
  makeStackFolder,
  writeEnvFile,
} from "./instances.ts";
import { kafka } from "./kafka.ts";
import { makePartLogins } from "./part-logins.ts";
import { freePorts } from "./ports.ts";
import { planFetches } from "./recipe.ts";
import type { Instance, Server } from "./server.ts";
import { runningProcess } from "./server-process.ts";
import {
  NO_SETTINGS,
  readSettings,
  type Settings,
  withPorts,
  withServer,
  writeSettings,
} from "./settings.ts";
import { withStackLocked } from "./stack-lock.ts";
import { startInstance } from "./start-instance.ts";
import { checkTools } from "./tools.ts";

export type Step = "waiting" | "fetching" | "preparing" | "starting" | "ready" | "failed";

export interface UpRequest {
  readonly folder: string;
  readonly cache: string;
  /** Servers or instances; none: the usual servers. */
  readonly names: readonly string[];
  /** How many nodes Kafka has; null: as many as it has, or one. */
  readonly kafkaNodes: number | null;
  /** For which platform each part gets a login of its own, where the server has them; null: none. */
  readonly logins: Pick<Platform, "topicPrefix"> | null;
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

export interface Brought {
  readonly outcomes: readonly UpOutcome[];
  readonly envFile: string;
  /** Where the environment of each part is; null: they were not asked for. */
  readonly partFolder: string | null;
}

/** Starts what of the stack does not run yet; the failure of one server is none of the others. */
export async function bringUp(request: UpRequest): Promise<Brought> {
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
    const present = instancesOf(folder, settings, cache);
    const envFile = writeEnvFile(folder, present);
    const outcomes = await startAll(made, request);
    const ready = outcomes.filter(({ error }) => error === null).map(({ instance }) => instance);
    const { logins } = request;
    const partFolder =
      logins === null ? null : await makePartLogins(folder, { all: present, ready, ...logins });
    return { outcomes, envFile, partFolder };
  });
}

/** The settings with all that was asked for in them. */
async function settingsFor(request: UpRequest, chosen: readonly Server[]): Promise<Settings> {
  const { folder, kafkaNodes } = request;
  let settings = readSettings(folder) ?? NO_SETTINGS;
  for (const server of chosen) {
    const isKafka = server === kafka;
    settings = withServer(settings, server, {
      nodes: isKafka ? kafkaNodes : null,
      logins: server.logins === "on request" && request.logins !== null,
    });
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

async function startAll(
  instances: readonly Instance[],
  request: UpRequest,
): Promise<readonly UpOutcome[]> {
  const byServer = Map.groupBy(instances, ({ server }) => server);
  const outcomes = await Promise.all(
    [...byServer].map(([server, own]) => {
      const tell = (detail: string) => {
        for (const { name } of own) request.report(name, "fetching", detail);
      };
      const fetched = fetchServer(server, { ...request, report: tell });
      return Promise.all(own.map((instance) => startOne(instance, fetched, request)));
    }),
  );
  return outcomes.flat();
}

async function startOne(
  instance: Instance,
  fetched: Promise<void>,
  { interrupted, report }: UpRequest,
): Promise<UpOutcome> {
  const startedAtMs = performance.now();
  const tell = (step: Step, detail = "") => report(instance.name, step, detail);
  const wasRunning = runningProcess(instance) !== null;
  tell("waiting");
  try {
    await fetched;
    await startInstance(instance, interrupted, tell);
    const durationMs = performance.now() - startedAtMs;
    const seconds = (durationMs / 1000).toFixed(1);
    tell("ready", wasRunning ? "it was running already" : `after ${seconds} s`);
    return { instance, wasRunning, error: null, durationMs };
  } catch (error) {
    tell("failed", interrupted.aborted ? "interrupted" : "");
    return { instance, wasRunning, error, durationMs: performance.now() - startedAtMs };
  }
}
