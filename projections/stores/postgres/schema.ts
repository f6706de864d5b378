import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { FinalError } from "../../runner/persist.ts";
import type { Projection } from "../../runner/projection.ts";
import { integer, type SqlRow, text } from "../../runner/sql-row.ts";
import { indexName, quoted, type StoredTable, type TableIndex } from "../../runner/stored-table.ts";
import type { PostgresPool, PostgresSession } from "./pool.ts";
import { createIndexSql, createTableSql } from "./table.ts";

/** The oldest server that is still maintained: what is older was never tried. */
const OLDEST_VERSION = 14;
/** Of our advisory locks, in the server's first number; the second is the schema's hash. */
const LOCK_CLASS = 0x4348;

/**
 * How tables of ours came to be, step by step. A step that was released is never changed: a schema
 * that stands at an earlier one is brought on by those that follow.
 */
export interface Layout {
  /** Made by the first step, of one row; its column `layout` says how many steps were done. */
  readonly table: string;
  readonly steps: readonly string[];
}

/**
 * Our own tables in a generation's schema. (Declared tables need no steps: a projection of another
 * version builds another generation.)
 *
 *   _generation   one row: which projection at which version built this schema, at which step
 *   _checkpoints, _parked, _causes: see `checkpoint-rows.ts`
 */
const GENERATION_LAYOUT: Layout = {
  table: "_generation",
  steps: [
    `CREATE TABLE "_generation" (
     "projection" text NOT NULL PRIMARY KEY, "version" integer NOT NULL, "layout" integer NOT NULL
   );
   CREATE TABLE "_checkpoints" (
     "id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     "partition" text COLLATE "C" NOT NULL UNIQUE, "next" bigint NOT NULL, "epoch" bigint NOT NULL,
     "logId" text NOT NULL, "highestClaim" bigint NOT NULL, "recordedAtMs" bigint NOT NULL
   ) WITH (fillfactor = 50);
   CREATE TABLE "_parked" (
     "partition" text COLLATE "C" NOT NULL, "stream" text COLLATE "C" NOT NULL,
     "position" bigint NOT NULL, "sequence" bigint NOT NULL, "reason" text NOT NULL,
     PRIMARY KEY ("partition", "stream")
   );
   CREATE TABLE "_causes" (
     "partition" text COLLATE "C" NOT NULL, "source" text COLLATE "C" NOT NULL,
     "next" bigint NOT NULL, PRIMARY KEY ("partition", "source")
   ) WITH (fillfactor = 50);`,
  ],
};

/** `portfolios_g3`: the schema of a generation. */
export function generationSchema(projection: string, generation: number): string {
  return `${schemaPrefix(projection)}${generation}`;
}

function schemaPrefix(projection: string): string {
  return `${projection.replaceAll("-", "_")}_g`;
}

/** Opens a transaction in which tables without a schema are the generation's. */
export function beginIn(schema: string, mode = ""): string {
  return `BEGIN ${mode}; SET LOCAL search_path TO ${quoted(schema)}`;
}

/** Makes the schema of a generation; any number of processes may do so at once. */
export async function createSchema(
  pool: PostgresPool,
  parts: {
    readonly schema: string;
    readonly projection: Pick<Projection, "name" | "version">;
    readonly tables: readonly StoredTable[];
    readonly indexes: readonly TableIndex[];
  },
): Promise<void> {
  const { schema, projection, tables, indexes } = parts;
  await requireSuitableServer(pool);
  await pool.transaction(beginIn(schema), async (session) => {
    await lockSchema(session, schema);
    await session.script(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`);
    await bringOn(session, schema, GENERATION_LAYOUT);
    await createMissing(session, schema, { tables, indexes });
    await requireSameProjection(session, projection);
  });
}

/**
 * Others may feed the generation already, and even an index that is there would be locked against
 * them: with "IF NOT EXISTS" the lock comes before the look.
 */
async function createMissing(
  session: PostgresSession,
  schema: string,
  wanted: { readonly tables: readonly StoredTable[]; readonly indexes: readonly TableIndex[] },
): Promise<void> {
  const rows = await session.query({
    text: `SELECT c.relname::text AS name FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1`,
    values: [schema],
  });
  const there = new Set(rows.map((row) => text(row, "name")));
  for (const table of wanted.tables) {
    if (!there.has(table.name)) await session.script(createTableSql(schema, table));
  }
  for (const index of wanted.indexes) {
    if (!there.has(indexName(index))) await session.script(createIndexSql(schema, index));
  }
}

/** Brings tables beside those of a schema that is there to their newest layout. */
export async function bringLayoutOn(
  pool: PostgresPool,
  schema: string,
  layout: Layout,
): Promise<void> {
  await pool.transaction(beginIn(schema), async (session) => {
    await lockSchema(session, schema);
    await bringOn(session, schema, layout);
  });
}

export async function dropSchema(pool: PostgresPool, schema: string): Promise<boolean> {
  return pool.transaction("BEGIN", async (session) => {
    await lockSchema(session, schema);
    const wasThere = await isThere(session, schema);
    await session.script(`DROP SCHEMA IF EXISTS ${quoted(schema)} CASCADE`);
    return wasThere;
  });
}

/** The numbers of a projection's generations that have a schema. */
export async function generationsThere(pool: PostgresPool, projection: string): Promise<number[]> {
  const rows = await pool.query({
    text: `SELECT substring(nspname from '[0-9]+$')::int AS generation
           FROM pg_namespace WHERE nspname ~ $1 ORDER BY generation`,
    values: [`^${schemaPrefix(projection)}[0-9]+$`],
  });
  return rows.map((row) => integer(row, "generation"));
}

/** The server's version, as it names it; throws STORE_UNSUITABLE where we cannot work with it. */
export async function requireSuitableServer(pool: PostgresPool): Promise<string> {
  const [row = {}] = await pool.query({
    text: `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
                  current_setting('server_version_num')::int / 10000 AS major,
                  current_setting('server_encoding') AS encoding`,
  });
  const fault = serverFault(row);
  if (fault === null) return text(row, "version");
  throw new PlatformError("STORE_UNSUITABLE", `PostgreSQL at ${pool.place}: ${fault}`);
}

/** What is wrong with a server of this version and encoding; null: nothing. */
export function serverFault(row: SqlRow): string | null {
  if (integer(row, "major") < OLDEST_VERSION) {
    return `it is version ${text(row, "version")}, and ${OLDEST_VERSION} is the oldest that works`;
  }
  const encoding = text(row, "encoding");
  if (encoding === "UTF8") return null;
  return `the database's encoding is ${encoding}; create one with ENCODING 'UTF8' TEMPLATE template0`;
}

/** Held until the transaction ends, so that a generation is made or dropped by one at a time. */
async function lockSchema(session: PostgresSession, schema: string): Promise<void> {
  const lock = "SELECT pg_advisory_xact_lock($1, hashtext($2))::text";
  await session.query({ text: lock, values: [LOCK_CLASS, schema] });
}

async function isThere(session: PostgresSession, schema: string): Promise<boolean> {
  const there = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
  return (await session.query({ text: there, values: [schema] })).length > 0;
}

async function bringOn(session: PostgresSession, schema: string, layout: Layout): Promise<void> {
  const { table, steps } = layout;
  const done = await stepsDone(session, layout);
  if (done === steps.length) return;
  if (done > steps.length) {
    throw new FinalError(`schema ${schema} is at layout ${done}, of newer code than this`);
  }
  for (const step of steps.slice(done)) await session.script(step);
  await session.query({
    text: `UPDATE ${quoted(table)} SET "layout" = $1`,
    values: [steps.length],
  });
}

/** How many of the steps the schema has; 0 where it is new. */
async function stepsDone(session: PostgresSession, { table, steps }: Layout): Promise<number> {
  const there = "SELECT to_regclass($1)::text AS name";
  const [made] = await session.query({ text: there, values: [quoted(table)] });
  if (made?.name === null) return 0;
  const [row] = await session.query({ text: `SELECT "layout" FROM ${quoted(table)}` });
  return row === undefined ? steps.length : integer(row, "layout");
}

async function requireSameProjection(
  session: PostgresSession,
  { name, version }: Pick<Projection, "name" | "version">,
): Promise<void> {
  await session.query({
    text: 'INSERT INTO "_generation" VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    values: [name, version, GENERATION_LAYOUT.steps.length],
  });
  const built = await session.query({ text: 'SELECT "projection", "version" FROM "_generation"' });
  const [row] = built;
  if (built.length === 1 && row?.projection === name && row.version === version) return;
  throw new FinalError(
    `the schema was built by ${JSON.stringify(built)}, not by ${name} ${version}`,
  );
}
