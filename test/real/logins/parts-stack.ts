import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { chooseServers } from "../../../deploy/local/instances.ts";
import { planFetches } from "../../../deploy/local/recipe.ts";
import { StackError } from "../../../deploy/local/stack-error.ts";
import { checkTools } from "../../../deploy/local/tools.ts";
import { runCli } from "../../run-cli.ts";

/** What is fetched stays for the next run, like that of a user. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cipherhorizon");
/** Those that have rights for logins, and the registry, which the log needs. */
const SERVERS = ["kafka", "registry", "postgres", "redis", "influxdb"];
/** Before the names of topics and groups: rights must be for these. */
export const TOPIC_PREFIX = "staging.";
export const OTHER_PREFIX = "other.";

/** A machine that is busy may need longer than a stack waits; the same command waits on. */
const FAILURES = 4;

type Variables = Readonly<Record<string, string>>;

/** Servers of the test's own with the logins that `stack up --logins` makes. */
export interface PartsStack {
  /** With the login that may do everything. */
  readonly all: Variables;
  environmentOf(part: string): Variables;
  passwordOf(login: string): string;
  /** Where a server is for a login: `CH_REDIS_URL`; with its own password unless told otherwise. */
  addressFor(variable: string, login: string, password?: string): string;
  destroy(): Promise<void>;
}

/** `null` where a program is missing that makes or runs a server; it is named on stderr. */
export async function startPartsStack(): Promise<PartsStack | null> {
  const servers = chooseServers(SERVERS);
  try {
    await checkTools(servers, planFetches(CACHE, servers));
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    process.stderr.write(`no servers with logins here: ${error.message}\n${error.todo}\n`);
    return null;
  }
  const root = mkdtempSync(join(tmpdir(), "cipherhorizon-logins-"));
  // Servers that run as users of their own must get through.
  chmodSync(root, 0o711);
  const folder = join(root, "stack");
  const destroy = async () => {
    await stack({ folder, verb: "destroy", words: ["--yes", "--force"] });
    rmSync(root, { recursive: true, force: true });
  };
  try {
    await start(folder);
  } catch (error) {
    await destroy();
    throw error;
  }
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  const variablesIn = (file: string) => parseEnv(read(file)) as Record<string, string>;
  const passwordOf = (login: string) => read(`logins/${login}.password`).trim();
  const all = variablesIn("stack.env");
  return {
    all,
    environmentOf: (part) => variablesIn(`logins/${part}.env`),
    passwordOf,
    addressFor: (variable, login, password = passwordOf(login)) => {
      const url = new URL(all[variable] ?? "");
      url.username = login;
      url.password = password;
      return url.href;
    },
    destroy,
  };
}

/** For another platform first: what was made is no harm, and none of its rights may be left. */
async function start(folder: string): Promise<void> {
  for (const topicPrefix of [OTHER_PREFIX, TOPIC_PREFIX]) await up(folder, topicPrefix);
}

async function up(folder: string, topicPrefix: string): Promise<void> {
  const environment = { CH_KAFKA_TOPIC_PREFIX: topicPrefix };
  for (let failures = 1; ; failures += 1) {
    try {
      const words = [...SERVERS, "--logins", "--free-ports"];
      return await stack({ folder, verb: "up", words, environment });
    } catch (error) {
      if (failures === FAILURES) throw error;
    }
  }
}

interface StackCall {
  readonly folder: string;
  readonly verb: string;
  readonly words: readonly string[];
  readonly environment?: Variables;
}

async function stack({ folder, verb, words, environment }: StackCall): Promise<void> {
  const all = ["stack", verb, ...words, "--dir", folder, "--cache", CACHE, "--json"];
  const run = await runCli(all, environment);
  if (run.exitCode !== 0) throw new Error(`stack ${verb}: ${run.stderr}`);
}
