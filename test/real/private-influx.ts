import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { chooseServers } from "../../deploy/local/instances.ts";
import { planFetches } from "../../deploy/local/recipe.ts";
import { StackError } from "../../deploy/local/stack-error.ts";
import { checkTools } from "../../deploy/local/tools.ts";
import { runCli } from "../run-cli.ts";
import { startPrivateInflux2 } from "./private-influx2.ts";

/** What is fetched stays for the next run, like that of a user. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cipherhorizon");
/** Building InfluxDB takes minutes where it is not cached. */
export const INFLUX_START_MS = 20 * 60_000;

/** An InfluxDB of a test's own, which it may kill. */
export interface PrivateInflux {
  readonly url: string;
  /** SIGKILL. */
  kill(): void;
  /** The same server again, on its data. */
  start(): Promise<void>;
  destroy(): Promise<void>;
}

/**
 * The one of `stack up`, or InfluxDB 2 where `CH_TEST_INFLUX2` names its program. `null` where a
 * program is missing that makes or runs the server; it is named on stderr.
 */
export async function startPrivateInflux(): Promise<PrivateInflux | null> {
  const program = process.env["CH_TEST_INFLUX2"];
  if (program) return startPrivateInflux2(program);
  const servers = chooseServers(["influxdb"]);
  try {
    await checkTools(servers, planFetches(CACHE, servers));
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    process.stderr.write(`no InfluxDB here: ${error.message}\n${error.todo}\n`);
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-influx-"));
  await stack(folder, "up", "influxdb", "--free-ports");
  const variables = parseEnv(readFileSync(join(folder, "stack.env"), "utf8"));
  return {
    url: variables["CH_INFLUX_URL"] ?? "",
    kill: () => {
      const running = readFileSync(join(folder, "influxdb", "process.json"), "utf8");
      process.kill((JSON.parse(running) as { pid: number }).pid, "SIGKILL");
    },
    start: () => stack(folder, "up", "influxdb"),
    destroy: async () => {
      await stack(folder, "destroy", "--yes", "--force");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function stack(folder: string, verb: string, ...words: readonly string[]): Promise<void> {
  const run = await runCli(["stack", verb, ...words, "--dir", folder, "--cache", CACHE, "--json"]);
  if (run.exitCode !== 0) throw new Error(`stack ${verb}: ${run.stderr}`);
}
