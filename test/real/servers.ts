import { randomUUID } from "node:crypto";
import { Client } from "pg";

/** The real servers that tests may use, by the variables that the platform itself reads. */

type ServerVariable =
  | "CH_INFLUX_URL"
  | "CH_KAFKA_BROKERS"
  | "CH_MONGO_URL"
  | "CH_NEO4J_URL"
  | "CH_POSTGRES_URL"
  | "CH_REDIS_URL"
  | "CH_SCHEMA_REGISTRY_URL";

/** The address of a server for tests, as the platform itself is given it. */
export function serverAddress(variable: ServerVariable): string {
  const address = process.env[variable];
  if (!address) throw new Error(`${variable} is not set`);
  return address;
}

/** A suite that needs servers; without one of them, it stands in the report as skipped. */
export function describeWithServers(
  title: string,
  variables: readonly ServerVariable[],
  suite: (this: Mocha.Suite) => void,
): void {
  const missing = variables.filter((variable) => !process.env[variable]);
  if (missing.length === 0) describe(title, suite);
  else describe.skip(`${title} (not set: ${missing.join(", ")})`, suite);
}

export function mongoUrl(): string {
  return serverAddress("CH_MONGO_URL");
}

export function describeWithMongo(title: string, suite: (this: Mocha.Suite) => void): void {
  describeWithServers(title, ["CH_MONGO_URL"], suite);
}

export function postgresUrl(): string {
  return serverAddress("CH_POSTGRES_URL");
}

export function describeWithPostgres(title: string, suite: (this: Mocha.Suite) => void): void {
  describeWithServers(title, ["CH_POSTGRES_URL"], suite);
}

export function influxUrl(): string {
  return serverAddress("CH_INFLUX_URL");
}

export function describeWithInflux(title: string, suite: (this: Mocha.Suite) => void): void {
  describeWithServers(title, ["CH_INFLUX_URL"], suite);
}

export function neo4jUrl(): string {
  return serverAddress("CH_NEO4J_URL");
}

export function describeWithNeo4j(title: string, suite: (this: Mocha.Suite) => void): void {
  describeWithServers(title, ["CH_NEO4J_URL"], suite);
}

export function redisUrl(): string {
  return serverAddress("CH_REDIS_URL");
}

export function describeWithRedis(title: string, suite: (this: Mocha.Suite) => void): void {
  describeWithServers(title, ["CH_REDIS_URL"], suite);
}

/** A database for one test, which needs generations by their usual names. */
export interface TemporaryDatabase {
  readonly url: string;
  /** Runs SQL without values as the owner of the server, in this database; `$DATABASE` is its name. */
  run(sql: string): Promise<void>;
  /** As `run`, from outside of it. */
  administer(sql: string): Promise<void>;
  drop(): Promise<void>;
}

/** `options`: of CREATE DATABASE. */
export async function temporaryDatabase(options = "ENCODING 'UTF8'"): Promise<TemporaryDatabase> {
  const name = `ch_test_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(postgresUrl());
  url.pathname = `/${name}`;
  const runAt = (address: string) => (sql: string) => {
    return administer(address, sql.replaceAll("$DATABASE", `"${name}"`));
  };
  const outside = runAt(postgresUrl());
  await outside(`CREATE DATABASE $DATABASE ${options} TEMPLATE template0`);
  return {
    url: url.href,
    run: runAt(url.href),
    administer: outside,
    drop: () => outside("DROP DATABASE $DATABASE WITH (FORCE)"),
  };
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
