import { chooseInstances, instancesOf, removeInstanceFolder, writeEnvFile } from "./instances.ts";
import { removePartLogins } from "./part-logins.ts";
import type { Instance } from "./server.ts";
import { stopProcess, untilNotInitialising } from "./server-process.ts";
import { keepSettings, type Settings, settingsOf, withoutServers } from "./settings.ts";
import { withStackLocked } from "./stack-lock.ts";

export interface DownRequest {
  readonly folder: string;
  readonly cache: string;
  /** Servers or instances; none: all. */
  readonly names: readonly string[];
  /** What does not end in time is killed. */
  readonly isForced: boolean;
}

export interface DownOutcome {
  readonly instance: Instance;
  readonly wasRunning: boolean;
  /** Null when it has ended. */
  readonly error: unknown;
}

/** Stops servers, all at the same time; their data stay. */
export function bringDown(request: DownRequest): Promise<readonly DownOutcome[]> {
  const settings = settingsOf(request.folder);
  return withStackLocked(request.folder, () => stopAll(chosen(request, settings), request));
}

/** Stops servers and removes their data; a server whose process does not end keeps them. */
export function destroy(request: DownRequest): Promise<readonly DownOutcome[]> {
  const { folder, cache } = request;
  return withStackLocked(folder, async () => {
    const settings = settingsOf(folder);
    const outcomes = await stopAll(wholeServers(request, settings), request);
    const failed = outcomes.filter(({ error }) => error !== null);
    const kept = failed.map(({ instance }) => instance.server.name);
    const gone = outcomes.filter(({ instance }) => !kept.includes(instance.server.name));
    const rest = withoutServers(
      settings,
      gone.map(({ instance }) => instance.server.name),
    );
    // Data first: settings without data are made whole by the next start, the reverse is not.
    await Promise.all(gone.map(({ instance }) => untilNotInitialising(instance)));
    for (const { instance } of gone) removeInstanceFolder(instance);
    keepSettings(folder, rest);
    const left = instancesOf(folder, rest, cache);
    writeEnvFile(folder, left);
    if (left.length === 0) removePartLogins(folder);
    return outcomes;
  });
}

/** Nodes are destroyed together: what one of them has forgotten the others would still expect. */
function wholeServers(request: DownRequest, settings: Settings): readonly Instance[] {
  const all = instancesOf(request.folder, settings, request.cache);
  const servers = new Set(chosen(request, settings).map(({ server }) => server));
  return all.filter(({ server }) => servers.has(server));
}

function chosen({ folder, cache, names }: DownRequest, settings: Settings): readonly Instance[] {
  return chooseInstances(instancesOf(folder, settings, cache), names);
}

function stopAll(
  instances: readonly Instance[],
  { isForced }: DownRequest,
): Promise<readonly DownOutcome[]> {
  return Promise.all(
    instances.map(async (instance) => {
      try {
        return { instance, wasRunning: await stopProcess(instance, isForced), error: null };
      } catch (error) {
        return { instance, wasRunning: true, error };
      }
    }),
  );
}
