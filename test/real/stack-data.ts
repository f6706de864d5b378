import { join } from "node:path";
import { askHttp, askSocket } from "../../deploy/local/ask.ts";
import { kafka } from "../../deploy/local/kafka.ts";
import { programFolder } from "../../deploy/local/recipe.ts";
import { runProgram } from "../../deploy/local/run-program.ts";
import { postgresProgram } from "../../deploy/local/tools.ts";

/** How a test reaches the servers: the stack's `CH_` variables, ports by instance, the cache. */
export interface Reach {
  readonly variables: Readonly<Record<string, string>>;
  readonly ports: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly cache: string;
}

/** A piece of data in a server, for a test of what a stop or a crash leaves. */
export interface Sample {
  readonly server: string;
  write(reach: Reach): Promise<unknown>;
  /** Whatever the server says; it contains `MARK` if the data are there. */
  read(reach: Reach): Promise<string>;
}

export const MARK = "mark_of_the_stack";
const WITHIN_MS = 30_000;
const SUBJECT = `/subjects/${MARK}/versions`;
const SCHEMA = { schema: `{"type":"record","name":"${MARK}","fields":[]}` };

export const samples: readonly Sample[] = [
  {
    server: "kafka",
    write: (reach) => topics(reach, ["--create", "--topic", MARK, "--if-not-exists"]),
    read: (reach) => topics(reach, ["--list"]),
  },
  {
    server: "registry",
    write: (reach) => askRegistry(reach, "POST"),
    read: (reach) => askRegistry(reach, "GET"),
  },
  {
    server: "postgres",
    write: (reach) => sql(reach, `CREATE TABLE ${MARK} ()`),
    read: (reach) => sql(reach, "SELECT tablename FROM pg_tables"),
  },
  {
    server: "redis",
    write: (reach) => redisCommand(reach, `SET ${MARK} ${MARK}`),
    read: (reach) => redisCommand(reach, `GET ${MARK}`),
  },
  {
    server: "influxdb",
    write: (reach) => influx(reach, `CREATE DATABASE ${MARK}`),
    read: (reach) => influx(reach, "SHOW DATABASES"),
  },
  {
    server: "neo4j",
    write: (reach) => cypher(reach, `CREATE (:${MARK})`),
    read: (reach) => cypher(reach, "MATCH (n) RETURN labels(n)"),
  },
];

function loginOf({ variables }: Reach, name: string) {
  const { username, password, port, pathname } = new URL(variables[name] ?? "");
  return { user: username, password, port: Number(port), pathname };
}

async function topics({ variables, cache }: Reach, words: readonly string[]): Promise<string> {
  const lib = join(programFolder(cache, kafka), "lib", "*");
  const servers = ["--bootstrap-server", variables["CH_KAFKA_BROKERS"] ?? ""];
  const command = ["-cp", lib, "org.apache.kafka.tools.TopicCommand", ...servers, ...words];
  return (await runProgram("java", command, { withinMs: WITHIN_MS })).output;
}

async function askRegistry(reach: Reach, method: "GET" | "POST"): Promise<string> {
  const { port, pathname } = loginOf(reach, "CH_SCHEMA_REGISTRY_URL");
  if (method === "POST") {
    return (
      await askHttp(port, `${pathname}${SUBJECT}`, { method, json: SCHEMA, withinMs: WITHIN_MS })
    ).text;
  }
  return (await askHttp(port, `${pathname}/subjects`, { withinMs: WITHIN_MS })).text;
}

async function sql(reach: Reach, statement: string): Promise<string> {
  const { user, password, port, pathname } = loginOf(reach, "CH_POSTGRES_URL");
  const place = ["-h", "127.0.0.1", "-p", String(port), "-U", user, "-d", pathname.slice(1)];
  const words = ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", ...place, "-c", statement];
  const environment = { PGPASSWORD: password };
  return (await runProgram(postgresProgram("psql"), words, { withinMs: WITHIN_MS, environment }))
    .output;
}

async function redisCommand(reach: Reach, command: string): Promise<string> {
  const { user, password, port } = loginOf(reach, "CH_REDIS_URL");
  const lines = `AUTH ${user} ${password}\r\n${command}\r\nQUIT\r\n`;
  const isWhole = (bytes: Buffer) => bytes.toString().split("+OK").length > 2;
  return (await askSocket(port, Buffer.from(lines), isWhole)).toString();
}

async function influx(reach: Reach, statement: string): Promise<string> {
  const { port, ...login } = loginOf(reach, "CH_INFLUX_URL");
  const form = { q: statement };
  const question = { method: "POST", login, form, withinMs: WITHIN_MS } as const;
  return (await askHttp(port, "/query", question)).text;
}

async function cypher(reach: Reach, statement: string): Promise<string> {
  const login = loginOf(reach, "CH_NEO4J_URL");
  const json = { statements: [{ statement }] };
  const question = { method: "POST", login, json, withinMs: WITHIN_MS } as const;
  const port = reach.ports.get("neo4j")?.["http"] ?? 0;
  return (await askHttp(port, "/db/neo4j/tx/commit", question)).text;
}
