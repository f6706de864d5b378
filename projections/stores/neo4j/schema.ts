import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { FinalError } from "../../runner/persist.ts";
import type { Projection } from "../../runner/projection.ts";
import { integer, type SqlRow, text } from "../../runner/sql-row.ts";
import type { TableIndex } from "../../runner/stored-table.ts";
import { isMadeAlready } from "./errors.ts";
import { indexedLabel, type PlacedTable, uniqueKeys } from "./graph.ts";
import type { Neo4jPool } from "./pool.ts";

/** Of Neo4j, which counted to 5 and then went over to years. What is older was never tried. */
const OLDEST_VERSION = 5;
/** A transaction of more would need much memory. */
const DROPPED_ROWS_PER_TRANSACTION = 5_000;
/** So many are dropped by one call, which has a deadline. */
const DROPPED_ROWS_PER_CALL = 50_000;

/**
 * Two kinds of nodes are ours, whatever generation they belong to:
 *
 *   (:ReadModelGeneration {name: "social_g3", projection: "social", version: 1, layout: 1})
 *     `dropping: true` while it is being dropped
 *   (:ReadModelCheckpoint {generation: "social_g3", partition: …}): see `checkpoints.ts`
 *
 * `layout` rises when what they hold changes; code refuses a generation of a layout above its own.
 */
const LAYOUT = 1;

const OWN_CONSTRAINTS: readonly string[] = [
  `CREATE CONSTRAINT read_model_generation IF NOT EXISTS
   FOR (g:ReadModelGeneration) REQUIRE g.name IS UNIQUE`,
  `CREATE CONSTRAINT read_model_checkpoint IF NOT EXISTS
   FOR (c:ReadModelCheckpoint) REQUIRE (c.generation, c.partition) IS UNIQUE`,
];

/** `social_g3`: what the labels and types of a generation end with, after a `_`. */
export function generationSuffix(projection: string, generation: number): string {
  return `${projection.replaceAll("-", "_")}_g${generation}`;
}

/** Makes constraints and indexes of a generation; any number of processes may do so at once. */
export async function createGeneration(
  pool: Neo4jPool,
  parts: {
    readonly generation: string;
    readonly projection: Pick<Projection, "name" | "version">;
    readonly tables: readonly PlacedTable[];
    readonly indexes: readonly TableIndex[];
  },
): Promise<void> {
  const { generation, projection, tables, indexes } = parts;
  await requireSuitableServer(pool);
  for (const constraint of OWN_CONSTRAINTS) await make(pool, constraint);
  if (await isHalfDropped(pool, generation)) await dropGeneration(pool, generation);
  for (const key of uniqueKeys(tables)) {
    const label = quotedLabel(key.label, generation);
    const columns = key.columns.map((column) => `n.\`${column}\``).join(", ");
    const rule = `FOR (n:${label}) REQUIRE (${columns}) IS UNIQUE`;
    await make(pool, `CREATE CONSTRAINT IF NOT EXISTS ${rule}`);
  }
  for (const index of indexes) {
    const name = indexedLabel(tables, index);
    if (name === null) continue;
    const columns = index.columns.map((column) => `n.\`${column}\``).join(", ");
    const rule = `FOR (n:${quotedLabel(name, generation)}) ON (${columns})`;
    await make(pool, `CREATE INDEX IF NOT EXISTS ${rule}`);
  }
  await requireSameProjection(pool, generation, projection);
}

/** Whether a generation was made, and is not being dropped. */
export async function isMade(pool: Neo4jPool, generation: string): Promise<boolean> {
  const found = await pool.command(
    "MATCH (g:ReadModelGeneration {name: $generation}) WHERE g.dropping IS NULL RETURN g.name",
    { generation },
  );
  return found.length > 0;
}

/** The numbers of a projection's generations, in order. */
export async function generationsThere(
  pool: Neo4jPool,
  projection: string,
): Promise<readonly number[]> {
  const found = await pool.command(
    "MATCH (g:ReadModelGeneration {projection: $projection}) WHERE g.dropping IS NULL RETURN g.name",
    { projection },
  );
  const numbers = found.map((row) => Number(text(row, "g.name").split("_g").at(-1)));
  return numbers.filter((number) => Number.isInteger(number)).sort((a, b) => a - b);
}

/**
 * Removes a generation; gives whether anything was there. No transaction could hold all of it, so
 * it is closed first: from then on nobody writes or reads it, and whoever wants to make it anew
 * finishes this before.
 */
export async function dropGeneration(pool: Neo4jPool, generation: string): Promise<boolean> {
  const wasThere = await closeGeneration(pool, generation);
  for (const type of await namesOf(pool, RELATIONSHIP_TYPES, generation)) {
    await deleteAll(pool, `MATCH ()-[x:\`${type}\`]->()`);
  }
  for (const label of await namesOf(pool, LABELS, generation)) {
    await deleteAll(pool, `MATCH (x:\`${label}\`)`);
  }
  await dropRules(pool, generation);
  await pool.command("MATCH (g:ReadModelGeneration {name: $generation}) DELETE g", { generation });
  return wasThere;
}

/** The server's version, as it names it; throws STORE_UNSUITABLE where we cannot work with it. */
export async function requireSuitableServer(pool: Neo4jPool): Promise<string> {
  const [row = {}] = await pool.command(
    `CALL dbms.components() YIELD name, versions, edition WHERE name = "Neo4j Kernel"
     RETURN versions[0] AS version, edition`,
  );
  const version = text(row, "version");
  const fault = versionFault(version);
  if (fault === null) return `${version} ${text(row, "edition")}`;
  throw new PlatformError("STORE_UNSUITABLE", `Neo4j at ${pool.place}: ${fault}`);
}

/** What is wrong with a server of this version; null: nothing. */
export function versionFault(version: string): string | null {
  if (Number.parseInt(version, 10) >= OLDEST_VERSION) return null;
  return `it is version ${version}, and ${OLDEST_VERSION} is the oldest that works`;
}

async function make(pool: Neo4jPool, rule: string): Promise<void> {
  try {
    await pool.transaction((session) => session.run(rule));
  } catch (error) {
    if (!isMadeAlready(error)) throw error;
  }
}

async function isHalfDropped(pool: Neo4jPool, generation: string): Promise<boolean> {
  const found = await pool.command(
    "MATCH (g:ReadModelGeneration {name: $generation}) WHERE g.dropping RETURN g.name",
    { generation },
  );
  return found.length > 0;
}

/** Waits for a batch that is being written, for its transaction has the lock of its checkpoint. */
function closeGeneration(pool: Neo4jPool, generation: string): Promise<boolean> {
  return pool.transaction(async (session) => {
    const found = await session.run(
      `MATCH (g:ReadModelGeneration {name: $generation}) SET g.dropping = true RETURN g.name`,
      { generation },
    );
    await session.run("MATCH (c:ReadModelCheckpoint {generation: $generation}) DELETE c", {
      generation,
    });
    return found.length > 0;
  });
}

const LABELS = "CALL db.labels() YIELD label RETURN label AS name";
const RELATIONSHIP_TYPES =
  "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType AS name";

/** Of a generation, and of none whose name only ends alike. */
async function namesOf(pool: Neo4jPool, all: string, generation: string): Promise<string[]> {
  const names = (await pool.command(all)).map((row) => text(row, "name"));
  return names.filter((name) => isOf(name, generation));
}

function isOf(name: string, generation: string): boolean {
  const [first = ""] = name.split("_", 1);
  return name === `${first}_${generation}`;
}

async function deleteAll(pool: Neo4jPool, match: string): Promise<void> {
  const cypher = `${match} WITH x LIMIT ${DROPPED_ROWS_PER_CALL}
    CALL { WITH x DELETE x } IN TRANSACTIONS OF ${DROPPED_ROWS_PER_TRANSACTION} ROWS
    RETURN count(*) AS deleted`;
  for (;;) {
    const [row = {}] = await pool.command(cypher);
    if (integer(row, "deleted") < DROPPED_ROWS_PER_CALL) return;
  }
}

async function dropRules(pool: Neo4jPool, generation: string): Promise<void> {
  for (const kind of ["CONSTRAINT", "INDEX"] as const) {
    const rules = await pool.command(
      `SHOW ${kind === "INDEX" ? "INDEXES" : "CONSTRAINTS"} YIELD name, labelsOrTypes
       WHERE labelsOrTypes IS NOT NULL RETURN name, labelsOrTypes[0] AS label`,
    );
    for (const rule of rules.filter((row) => isOf(text(row, "label"), generation))) {
      const drop = `DROP ${kind} \`${text(rule, "name")}\` IF EXISTS`;
      await pool.transaction((session) => session.run(drop));
    }
  }
}

async function requireSameProjection(
  pool: Neo4jPool,
  generation: string,
  { name, version }: Pick<Projection, "name" | "version">,
): Promise<void> {
  const [built = {}] = await pool.transaction((session) => {
    return session.run(MERGE_GENERATION, { generation, name, version: String(version) });
  });
  if (integer(built, "layout") > LAYOUT) {
    throw new FinalError(`${generation} is of layout ${built["layout"]}, of newer code than this`);
  }
  if (built["projection"] === name && built["version"] === version) return;
  const found: SqlRow = { projection: built["projection"] ?? "", version: built["version"] ?? "" };
  throw new FinalError(
    `${generation} was built by ${JSON.stringify(found)}, not by ${name} ${version}`,
  );
}

const MERGE_GENERATION = `MERGE (g:ReadModelGeneration {name: $generation})
  ON CREATE SET g.projection = $name, g.version = toInteger($version), g.layout = ${LAYOUT}
  RETURN g.projection AS projection, g.version AS version, g.layout AS layout`;

function quotedLabel(name: string, generation: string): string {
  return `\`${name}_${generation}\``;
}
