import { randomUUID } from "node:crypto";
import { Client } from "pg";

/** The real servers that tests may use, by the variables that the platform itself reads. */

/** The address of the PostgreSQL for tests (`CH_POSTGRES_URL`). */
export function postgresUrl(): string {
  return required("CH_POSTGRES_URL");
}

/** The address of the InfluxDB for tests (`CH_INFLUX_URL`). */
export function influxUrl(): string {
  return required("CH_INFLUX_URL");
}

function required(variable: string): string {
  const url = process.env[variable];
  if (!url) throw new Error(`${variable} is not set`);
  return url;
}

/** A suite that needs a PostgreSQL; without one, it stands in the report as skipped. */
export function describeWithPostgres(title: string, suite: () => void): void {
  describeWith("CH_POSTGRES_URL", title, suite);
}

/** A suite that needs an InfluxDB; without one, it stands in the report as skipped. */
export function describeWithInflux(title: string, suite: () => void): void {
  describeWith("CH_INFLUX_URL", title, suite);
}

function describeWith(variable: string, title: string, suite: () => void): void {
  if (process.env[variable]) describe(title, suite);
  else describe.skip(`${title} (${variable} is not set)`, suite);
}

/** A database for one test, which needs generations by their usual names. */
export interface TemporaryDatabase {
  readonly url: string;
  /** Runs SQL without values, as the owner of the server. */
  administer(sql: string): Promise<void>;
  drop(): Promise<void>;
}

export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const name = `ch_test_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(postgresUrl());
  url.pathname = `/${name}`;
  const create = `CREATE DATABASE "${name}" ENCODING 'UTF8' TEMPLATE template0`;
  await administer(postgresUrl(), create);
  return {
    url: url.href,
    administer: (sql) => administer(postgresUrl(), sql.replaceAll("$DATABASE", `"${name}"`)),
    drop: () => administer(postgresUrl(), `DROP DATABASE "${name}" WITH (FORCE)`),
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
