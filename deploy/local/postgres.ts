import { chownSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "./files.ts";
import { runProgram } from "./run-program.ts";
import { type Instance, LOGIN, LOOPBACK, type Server } from "./server.ts";
import { postgresProgram } from "./tools.ts";
import { userIds } from "./user.ts";

const INITIALISE_WITHIN_MS = 60_000;
const QUERY_WITHIN_MS = 10_000;
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
  hasPassword: true,
  user: "postgres",
  readyWithinMs: 60_000,
  stopWithinMs: 30_000,
  // On SIGTERM it would wait until the last client has left.
  stopSignal: "SIGINT",
  files: () => ({}),
  initialise,
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
  variables: ([instance]) => ({
    CH_POSTGRES_URL:
      `postgres://${LOGIN}:${instance?.password}` +
      `@${LOOPBACK}:${instance?.ports["sql"]}/${DATABASE}`,
  }),
};

const HAS_DATABASE = `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`;
const CREATE_DATABASE = `CREATE DATABASE ${DATABASE}`;

async function initialise(instance: Instance): Promise<void> {
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
    const options = { withinMs: INITIALISE_WITHIN_MS, folder, user };
    await runProgram(postgresProgram("initdb"), words, options);
  } finally {
    rmSync(passwordFile);
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
