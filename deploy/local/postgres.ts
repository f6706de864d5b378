import { chownSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Platform } from "../logins/logins.ts";
import { postgresLoginStatements } from "../logins/postgres.ts";
import { textOf, writeWhole } from "./files.ts";
import { allPids, hasProc, workingFolderOf } from "./proc.ts";
import { runProgram } from "./run-program.ts";
import { type Instance, LOGIN, LOOPBACK, type Server } from "./server.ts";
import { StackError } from "./stack-error.ts";
import { postgresProgram } from "./tools.ts";
import { userIds } from "./user.ts";

const INITIALISE_WITHIN_MS = 60_000;
const QUERY_WITHIN_MS = 10_000;
const CHILDREN_END_WITHIN_MS = 20_000;
const CHILDREN_POLL_MS = 50;
/** The superuser and the database are both called so. */
const DATABASE = LOGIN;

/** PostgreSQL of the system's packages, with a cluster of its own. */
export const postgres: Server = {
  name: "postgres",
  version: "15",
  isDefault: true,
  hasNodes: false,
  recipe: null,
  tools: ["postgres"],
  ports: { sql: 15_432 },
  logins: "always",
  user: "postgres",
  readyWithinMs: 60_000,
  stopWithinMs: 30_000,
  // On SIGTERM it would wait until the last client has left.
  stopSignal: "SIGINT",
  files: () => ({}),
  initialise,
  clearAfter,
  launch: ({ folder, ports }) => ({
    program: postgresProgram("postgres"),
    arguments: [
      ...["-D", join(folder, "data"), "-p", String(ports["sql"])],
      ...["-c", `listen_addresses=${LOOPBACK}`, "-c", "unix_socket_directories="],
    ],
  }),
  checkReady: async (instance) => {
    await queryPostgres(instance, "postgres", "SELECT 1");
  },
  settle: async (instance) => {
    const found = await queryPostgres(instance, "postgres", HAS_DATABASE);
    if (found === "") await queryPostgres(instance, "postgres", CREATE_DATABASE);
  },
  makeLogins,
  variables: ([instance]) => ({
    CH_POSTGRES_URL: instance === undefined ? "" : addressOf(instance),
  }),
};

function addressOf({ password, ports }: Instance): string {
  return `postgres://${LOGIN}:${password}@${LOOPBACK}:${ports["sql"]}/${DATABASE}`;
}

const HAS_DATABASE = `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`;
const CREATE_DATABASE = `CREATE DATABASE ${DATABASE}`;

async function initialise(instance: Instance, onStart: (pid: number) => void): Promise<void> {
  const user = await userIds(postgres);
  const passwordFile = join(instance.folder, "initial-password");
  writeWhole(passwordFile, `${instance.password}\n`);
  if (user !== null) {
    for (const path of [passwordFile, join(instance.folder, "data")]) {
      chownSync(path, user.uid, user.gid);
    }
  }
  const words = [
    ...["-D", join(instance.folder, "data"), "-U", LOGIN, "--encoding=UTF8", "--locale=C"],
    ...["--auth=scram-sha-256", `--pwfile=${passwordFile}`],
  ];
  try {
    const folder = instance.folder;
    const options = { withinMs: INITIALISE_WITHIN_MS, folder, user, onStart };
    await runProgram(postgresProgram("initdb"), words, options);
  } finally {
    rmSync(passwordFile);
  }
}

/**
 * PostgreSQL takes the pid in its file for alive as long as nobody has waited for that process,
 * which some systems never do. Its children may outlive it a little: they must be gone before. All
 * of them have the data folder as their working folder.
 */
async function clearAfter({ folder }: Instance, endedPid: number): Promise<void> {
  const data = join(folder, "data");
  const file = join(data, "postmaster.pid");
  if (!hasProc || Number(textOf(file)?.split("\n")[0]) !== endedPid) return;
  const deadlineMs = performance.now() + CHILDREN_END_WITHIN_MS;
  while (allPids().some((pid) => workingFolderOf(pid) === data)) {
    if (performance.now() > deadlineMs) throw childrenLeft(data);
    await sleep(CHILDREN_POLL_MS);
  }
  rmSync(file);
}

function childrenLeft(folder: string): StackError {
  return new StackError(
    "processes of the PostgreSQL that ended are still there",
    `waiting ${CHILDREN_END_WITHIN_MS / 1000} s for those that work in ${folder}`,
    "end them, then run the same command again",
  );
}

/** By the driver: what a program is given as words, everybody on the machine can read. */
async function makeLogins(instance: Instance, { passwordOf }: Platform): Promise<void> {
  const { Client } = await import("pg");
  const client = new Client({
    connectionString: addressOf(instance),
    query_timeout: QUERY_WITHIN_MS,
    connectionTimeoutMillis: QUERY_WITHIN_MS,
  });
  await client.connect();
  try {
    for (const statement of postgresLoginStatements(DATABASE, passwordOf)) {
      await client.query(statement);
    }
  } finally {
    await client.end();
  }
}

async function queryPostgres(
  { ports, password }: Instance,
  database: string,
  statement: string,
): Promise<string> {
  const words = [
    ...["-X", "-A", "-t", "-h", LOOPBACK, "-p", String(ports["sql"]), "-U", LOGIN],
    ...["-d", database, "-v", "ON_ERROR_STOP=1", "-c", statement],
  ];
  const environment = { PGPASSWORD: password };
  const options = { withinMs: QUERY_WITHIN_MS, environment };
  return (await runProgram(postgresProgram("psql"), words, options)).output;
}
