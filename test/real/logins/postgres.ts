import { Client, DatabaseError } from "pg";
import { processSchema } from "../../../command-side/process-managers/postgres-process-store.ts";
import { POSTGRES_LOGINS } from "../../../deploy/logins/postgres.ts";
import { type Matrix, type Rights, unrefused } from "./matrix.ts";

const MISSING_RIGHT = "42501";
const WRONG_PASSWORD = "28P01";
const OWNERS = ["equity-curve", "portfolios", "processes"];
const PORTFOLIOS = '"portfolios_g1"';
const EQUITY_CURVE = '"equity_curve_g1"';
const PROCESSES = `"${processSchema("risk-assessment")}"`;

const RIGHTS: Rights = {
  "make and drop a schema of its own": OWNERS,
  "read `portfolios`": ["portfolios", "queries"],
  "change `portfolios`": ["portfolios"],
  "drop `portfolios`": ["portfolios"],
  "read `equity-curve`": ["equity-curve", "queries"],
  "change `equity-curve`": ["equity-curve"],
  "read what process managers keep": ["processes"],
  "change what process managers keep": ["processes"],
  "take a free name of `portfolios`": [
    "portfolios",
    unrefused("equity-curve"),
    unrefused("processes"),
  ],
  "see the names of all schemas": POSTGRES_LOGINS.map(unrefused),
  "make a table in schema `public`": [],
  "make a temporary table": [],
  "make a login, or see passwords": [],
};

/** What is tried; a `DROP` within a transaction that is undone. */
const ATTEMPTS: Readonly<Record<string, (login: string) => readonly string[]>> = {
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
  "take a free name of `portfolios`": () => [
    `CREATE SCHEMA "portfolios_g999"`,
    `DROP SCHEMA "portfolios_g999"`,
  ],
  // Divided by nothing where it sees none.
  "see the names of all schemas": () => [
    `SELECT 1 / count(*) FROM pg_namespace WHERE nspname = 'portfolios_g1'`,
  ],
  "make a table in schema `public`": () => ["CREATE TABLE public.mine (id integer)"],
  "make a temporary table": () => ["CREATE TEMPORARY TABLE mine (id integer)"],
  "make a login, or see passwords": (login) => [
    login === "queries" ? "SELECT * FROM pg_authid" : "CREATE ROLE other",
  ],
};

export const postgresMatrix: Matrix = {
  rights: RIGHTS,
  logins: POSTGRES_LOGINS,
  open: async (stack) => ({
    attempt: (thing, login) => {
      const statements = ATTEMPTS[thing]?.(login) ?? [];
      return run(stack.addressFor("CH_POSTGRES_URL", login), statements, MISSING_RIGHT);
    },
    enters: (login, password) => {
      return run(stack.addressFor("CH_POSTGRES_URL", login, password), [], WRONG_PASSWORD);
    },
    close: async () => undefined,
  }),
};

/** False where the server refuses with the code. */
async function run(url: string, statements: readonly string[], code: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    for (const statement of statements) await client.query(statement);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === code) return false;
    throw error;
  } finally {
    await client.end();
  }
}
