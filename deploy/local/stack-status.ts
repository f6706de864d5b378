import { chooseInstances, instancesOf } from "./instances.ts";
import { memoryOf } from "./memory.ts";
import type { Instance } from "./server.ts";
import { logFile, runningProcess } from "./server-process.ts";
import { settingsOf } from "./settings.ts";

export interface InstanceStatus {
  readonly name: string;
  readonly version: string;
  /** `silent`: the process runs and does not answer as it should, or not yet. */
  readonly state: "ready" | "silent" | "stopped";
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly ports: Readonly<Record<string, number>>;
  /** Its children's included; null where the system does not tell. */
  readonly memoryBytes: number | null;
  readonly log: string;
}

/** How each instance of a stack is, as of now; without names all of them. */
export function stackStatus(
  folder: string,
  cache: string,
  names: readonly string[],
): Promise<readonly InstanceStatus[]> {
  const all = instancesOf(folder, settingsOf(folder), cache);
  return Promise.all(chooseInstances(all, names).map(statusOf));
}

async function statusOf(instance: Instance): Promise<InstanceStatus> {
  const { name, server, ports } = instance;
  const running = runningProcess(instance);
  return {
    name,
    version: server.version,
    state: running === null ? "stopped" : (await answers(instance)) ? "ready" : "silent",
    pid: running?.pid ?? null,
    startedAt: running?.startedAt ?? null,
    ports,
    memoryBytes: running === null ? null : memoryOf(running.pid),
    log: logFile(instance),
  };
}

async function answers(instance: Instance): Promise<boolean> {
  try {
    await instance.server.checkReady(instance);
    return true;
  } catch {
    return false;
  }
}
