import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bringDown } from "../../deploy/local/bring-down.ts";
import { bringUp } from "../../deploy/local/bring-up.ts";
import { instancesOf } from "../../deploy/local/instances.ts";
import { neo4j } from "../../deploy/local/neo4j.ts";
import { checkPorts } from "../../deploy/local/ports.ts";
import { planFetches } from "../../deploy/local/recipe.ts";
import type { Instance } from "../../deploy/local/server.ts";
import { runningProcess } from "../../deploy/local/server-process.ts";
import { NO_SETTINGS, withPorts, withServer, writeSettings } from "../../deploy/local/settings.ts";

/** Where `stack up` keeps what it has fetched. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cipherhorizon");

/** Not of those that the system gives to clients: the server needs its own again after a kill. */
const PORTS = { bolt: 17_697, http: 17_484 };
const GONE_POLL_MS = 20;
const GONE_WITHIN_MS = 10_000;

/** A server of the test's own, which it may kill and start as it likes. */
export interface PrivateNeo4j {
  readonly url: string;
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** By SIGKILL; waits until it is gone. */
  kill(): Promise<void>;
  /** Waits until it answers. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** A suite that starts servers; without their program it stands in the report as skipped. */
export function describeWithNeo4jProgram(title: string, suite: (this: Mocha.Suite) => void): void {
  if (planFetches(CACHE, [neo4j]).length === 0) describe(title, suite);
  else describe.skip(`${title} (Neo4j is not there: cipherhorizon stack up neo4j)`, suite);
}

export async function openPrivateNeo4j(): Promise<PrivateNeo4j> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-neo4j-"));
  const settings = withServer(NO_SETTINGS, neo4j, { nodes: null, logins: false });
  for (const one of instancesOf(folder, settings, CACHE)) {
    writeSettings(folder, withPorts(settings, one, PORTS));
  }
  const instance = await up(folder);
  const signal: PrivateNeo4j["signal"] = (name) => {
    const pid = runningProcess(instance)?.pid;
    if (pid === undefined) throw new Error("the private Neo4j does not run");
    process.kill(pid, name);
  };
  return {
    url: instance.server.variables([instance])["CH_NEO4J_URL"] ?? "",
    signal,
    kill: async () => {
      signal("SIGKILL");
      await untilGone(instance);
    },
    start: async () => {
      await up(folder);
    },
    remove: async () => {
      await bringDown({ folder, cache: CACHE, names: [], isForced: true });
      rmSync(folder, { recursive: true });
    },
  };
}

/** Its threads, and with them its ports, go one after the other. */
async function untilGone(instance: Instance): Promise<void> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    try {
      await checkPorts(instance);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(GONE_POLL_MS);
    }
  }
}

async function up(folder: string): Promise<Instance> {
  const { outcomes } = await bringUp({
    ...{
      folder,
      cache: CACHE,
      names: ["neo4j"],
      kafkaNodes: null,
      logins: null,
      freePorts: false,
    },
    interrupted: new AbortController().signal,
    report: () => undefined,
  });
  const [outcome] = outcomes;
  if (outcome === undefined || outcome.error !== null) throw outcome?.error;
  return outcome.instance;
}
