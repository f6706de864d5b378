import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Client, DatabaseError } from "pg";
import { openProcessStore } from "../../cli/serve/process-store.ts";
import { processSchema } from "../../command-side/process-managers/postgres-process-store.ts";
import { riskAssessment } from "../../command-side/process-managers/risk-assessment/projection.ts";
import { POSTGRES_LOGINS, postgresLoginStatements } from "../../deploy/logins/postgres.ts";
import { REDIS_RIGHTS, redisLoginCommands } from "../../deploy/logins/redis.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { RedisConnection } from "../../projections/runner/redis-connection.ts";
import { NO_SERVERS, openStore } from "../../projections/stores.ts";
import { documentRows, expectedOf, type Rights, walkMatrix } from "./logins/matrix.ts";
import {
  describeWithPostgresPrograms,
  openPrivatePostgres,
  type PrivatePostgres,
} from "./private-postgres.ts";
import { describeWithRedisProgram, openPrivateRedis, type PrivateRedis } from "./private-redis.ts";

const PAGE = join(import.meta.dirname, "..", "..", "docs", "operations", "logins.md");
const passwordOf = (login: string) => `password-of-${login}`;
const OWNERS = ["equity-curve", "portfolios", "processes"];

const POSTGRES_RIGHTS: Rights = {
  "make and drop a schema of its own": OWNERS,
  "read `portfolios`": ["portfolios", "queries"],
  "change `portfolios`": ["portfolios"],
  "drop `portfolios`": ["portfolios"],
  "read `equity-curve`": ["equity-curve", "queries"],
  "change `equity-curve`": ["equity-curve"],
  "read what process managers keep": ["processes"],
  "change what process managers keep": ["processes"],
  "make a table in schema `public`": [],
  "make a temporary table": [],
  "make a login, or see passwords": [],
};

const PORTFOLIOS = '"portfolios_g1"';
const EQUITY_CURVE = '"equity_curve_g1"';
const PROCESSES = `"${processSchema("risk-assessment")}"`;

/** What is tried; a `DROP` within a transaction that is undone. */
const POSTGRES_ATTEMPTS: Readonly<Record<string, (login: string) => readonly string[]>> = {
  "make and drop a schema of its own": (login) => [
    `CREATE SCHEMA "own of ${login}"`,
    `DROP SCHEMA "own of ${login}"`,
  ],
  "read `portfolios`": () => [
    `SELECT * FROM ${PORTFOLIOS}."holdings"`,
    `SELECT * FROM ${PORTFOLIOS}."_checkpoints"`,
  ],
  "change `portfolios`": () => [`UPDATE ${PORTFOLIOS}."_checkpoints" SET "epoch" = "epoch" + 1`],
  "drop `portfolios`": () => [`BEGIN`, `DROP SCHEMA ${PORTFOLIOS} CASCADE`, `ROLLBACK`],
  "read `equity-curve`": () => [`SELECT * FROM ${EQUITY_CURVE}."_checkpoints"`],
  "change `equity-curve`": () => [`DELETE FROM ${EQUITY_CURVE}."_parked"`],
  "read what process managers keep": () => [`SELECT * FROM ${PROCESSES}."_outbox"`],
  "change what process managers keep": () => [`DELETE FROM ${PROCESSES}."_outbox"`],
  "make a table in schema `public`": () => ["CREATE TABLE public.mine (id integer)"],
  "make a temporary table": () => ["CREATE TEMPORARY TABLE mine (id integer)"],
  "make a login, or see passwords": (login) => [
    login === "queries" ? "SELECT * FROM pg_authid" : "CREATE ROLE other",
  ],
};

describeWithPostgresPrograms("the logins of the parts in PostgreSQL", function () {
  this.timeout(120_000);
  let server: PrivatePostgres;

  before(async () => {
    server = await openPrivatePostgres();
    await run(server.url, postgresLoginStatements("postgres", passwordOf));
    await run(server.url, postgresLoginStatements("postgres", passwordOf));
    const placeOf = (login: string) => {
      return { folder: "nowhere", servers: { ...NO_SERVERS, postgres: withLogin(login) } };
    };
    for (const name of ["portfolios", "equity-curve"]) {
      const store = await openStore(placeOf(name), name, 1);
      await store.create();
      await store.take("portfolio.events/0", "log-1");
      await store.close();
    }
    const processes = await openProcessStore(placeOf("processes"), riskAssessment);
    await processes.create();
    await processes.close();
  });

  after(() => server.remove());

  function withLogin(login: string): string {
    const url = new URL(server.url);
    url.username = login;
    return url.href;
  }

  it("may what they need, and nothing else", async () => {
    const tried = await walkMatrix(POSTGRES_RIGHTS, POSTGRES_LOGINS, (thing, login) => {
      return mayRun(withLogin(login), POSTGRES_ATTEMPTS[thing]?.(login) ?? []);
    });
    expect(tried).to.deep.equal(expectedOf(POSTGRES_RIGHTS, POSTGRES_LOGINS));
  });

  it("stand in the documents as they are", () => {
    expectDocumented(documentRows(POSTGRES_RIGHTS, POSTGRES_LOGINS));
  });
});

const USES = ["risk", "cache", "limits", "sessions"];

const REDIS_MATRIX: Rights = {
  ...Object.fromEntries(
    USES.flatMap((use) => [
      [`read keys of ${use}`, use === "risk" ? ["risk", "queries"] : [use]],
      [`change keys of ${use}`, [use]],
      [`change keys of ${use} by a script`, [use]],
    ]),
  ),
  "ask what server it is": ["risk", "queries", ...USES],
  "empty the server": [],
  "list all keys by `KEYS`": [],
  publish: [],
  "see or change logins, settings, scripts": [],
};

function keyOf(use: string): string {
  return use === "risk" ? "{risk:g1}:generation" : `${use}:one`;
}

function redisAttempt(thing: string): readonly string[] {
  const use = USES.find((one) => thing.includes(` of ${one}`)) ?? "";
  const key = keyOf(use);
  if (thing.startsWith("read")) return ["GET", key];
  if (thing.endsWith("by a script")) {
    return ["EVAL", "return redis.call('SET', KEYS[1], 'x')", "1", key];
  }
  if (thing.startsWith("change")) return ["SET", key, "x"];
  const others: Readonly<Record<string, readonly string[]>> = {
    "ask what server it is": ["INFO", "server"],
    "empty the server": ["FLUSHALL"],
    "list all keys by `KEYS`": ["KEYS", "*"],
    publish: ["PUBLISH", "anything", "x"],
  };
  const found = others[thing];
  if (found === undefined) throw new Error(`nothing is tried for ${thing}`);
  return found;
}

describeWithRedisProgram("the logins of the parts in Redis", function () {
  this.timeout(120_000);
  let server: PrivateRedis;
  const logins = [...REDIS_RIGHTS.keys()];

  before(async () => {
    server = await openPrivateRedis();
    const admin = new RedisConnection({ url: server.url, name: "test" });
    for (const _ of ["once", "again"]) {
      for (const [command = "", ...words] of redisLoginCommands(passwordOf)) {
        await admin.call(command, ...words);
      }
    }
    for (const use of USES) await admin.call("SET", keyOf(use), "x");
    await admin.close();
  });

  after(() => server.remove());

  it("may what they need, and nothing else", async () => {
    const administration = [
      ["ACL", "LIST"],
      ["ACL", "SETUSER", "other", "on"],
      ["CONFIG", "GET", "*"],
      ["SCRIPT", "FLUSH"],
      ["CLIENT", "LIST"],
      ["SHUTDOWN"],
    ];
    const tried = await walkMatrix(REDIS_MATRIX, logins, async (thing, login) => {
      const commands = thing.startsWith("see or change") ? administration : [redisAttempt(thing)];
      let allowed = false;
      for (const words of commands) allowed ||= await mayCall(withLogin(login), words);
      return allowed;
    });
    expect(tried).to.deep.equal(expectedOf(REDIS_MATRIX, logins));
  });

  it("are asked for their passwords", async () => {
    const wrong = new URL(withLogin("risk"));
    wrong.password = "another";
    const connection = new RedisConnection({ url: wrong.href, name: "test" });
    const error = await connection.call("GET", keyOf("risk")).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "STORE_REFUSED");
    await connection.close();
  });

  it("stand in the documents as they are", () => {
    expectDocumented(documentRows(REDIS_MATRIX, logins));
  });

  function withLogin(login: string): string {
    const url = new URL(server.url);
    url.username = login;
    url.password = passwordOf(login);
    return url.href;
  }
});

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** False where a right is missing. */
async function mayRun(url: string, statements: readonly string[]): Promise<boolean> {
  try {
    await run(url, statements);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === "42501") return false;
    throw error;
  }
}

async function mayCall(url: string, [command = "", ...words]: readonly string[]): Promise<boolean> {
  const connection = new RedisConnection({ url, name: "test" });
  try {
    await connection.call(command, ...words);
    return true;
  } catch (error) {
    const isRefused = error instanceof PlatformError && error.code === "STORE_REFUSED";
    if (isRefused || /NOPERM|ACL failure/.test(String(error))) return false;
    throw error;
  } finally {
    await connection.close();
  }
}

function expectDocumented(rows: readonly string[]): void {
  const page = readFileSync(PAGE, "utf8").split("\n");
  const bare = new Set(page.map((line) => line.replaceAll(/ *\| */g, "|").trim()));
  expect(rows.filter((row) => !bare.has(row))).to.deep.equal([]);
}
