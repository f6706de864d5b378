import { FinalError } from "../../runner/persist.ts";
import type { Projection } from "../../runner/projection.ts";
import type { StoredTable } from "../../runner/stored-table.ts";
import type { MongoDatabase, MongoSession } from "./database.ts";
import { isDuplicateKey } from "./errors.ts";
import { indexDescription, type MongoIndex } from "./table.ts";

/**
 * The collections of a generation: `strategies_g3_<table>` for each table, and two of ours.
 *
 *   strategies_g3__generation   one document: which projection at which version built it
 *   strategies_g3__checkpoints  see `checkpoints.ts`
 *
 * The first comes last and goes first: while it is there, the generation is whole.
 */
const GENERATION = "_generation";
const CHECKPOINTS = "_checkpoints";
const THE_ONE = "generation";
/** How the collections are laid out; rises when code could not read what older code has built. */
const LAYOUT = 1;
/** A drop goes through collections by name; a name that would take in more than this is wrong. */
const MOST_COLLECTIONS = 100;

/** `strategies_g3_`: what the names of a generation's collections begin with. */
export function collectionPrefix(projection: string, generation: number): string {
  return `${projection}_g${generation}_`;
}

export function tableCollection(prefix: string, table: string): string {
  return `${prefix}${table}`;
}

export function checkpointCollection(prefix: string): string {
  return `${prefix}${CHECKPOINTS}`;
}

/** Makes the collections of a generation; any number of processes may do so at once. */
export async function createCollections(
  database: MongoDatabase,
  parts: {
    readonly prefix: string;
    readonly projection: Pick<Projection, "name" | "version">;
    readonly tables: readonly StoredTable[];
    readonly indexes: readonly MongoIndex[];
  },
): Promise<void> {
  const { prefix, projection, tables, indexes } = parts;
  await database.requireSuitableServer();
  await database.run(async (session) => {
    await session.createCollection(checkpointCollection(prefix));
    for (const { name } of tables) {
      await session.createCollection(tableCollection(prefix, name));
      const ofTable = indexes.filter(({ table }) => table === name);
      await session.createIndexes(tableCollection(prefix, name), ofTable.map(indexDescription));
    }
    await requireSameProjection(session, prefix, projection);
  });
}

/** Whether the generation is there. */
export async function isWhole(session: MongoSession, prefix: string): Promise<boolean> {
  return (await session.find(`${prefix}${GENERATION}`, { _id: THE_ONE })).length > 0;
}

/** Removes a generation; gives whether any of it was there. A drop that broke off is gone on with. */
export async function dropCollections(database: MongoDatabase, prefix: string): Promise<boolean> {
  return database.run(async (session) => {
    const all = (await session.collectionNames()).filter((name) => name.startsWith(prefix));
    if (all.length > MOST_COLLECTIONS) {
      throw new RangeError(`${all.length} collections begin with ${prefix}`);
    }
    const first = [GENERATION, CHECKPOINTS].map((name) => `${prefix}${name}`);
    const rest = all.filter((name) => !first.includes(name));
    for (const name of [...first.filter((one) => all.includes(one)), ...rest]) {
      await session.dropCollection(name);
    }
    return all.length > 0;
  });
}

/** The numbers of the projection's generations, half-dropped ones among them. */
export async function generationsThere(
  database: MongoDatabase,
  projection: string,
): Promise<number[]> {
  const names = await database.run((session) => session.collectionNames());
  const found = names.flatMap((name) => {
    const [, generation = ""] = /^_g(\d+)_/.exec(name.slice(projection.length)) ?? [];
    return name.startsWith(projection) && generation !== "" ? [Number(generation)] : [];
  });
  return [...new Set(found)].sort((a, b) => a - b);
}

async function requireSameProjection(
  session: MongoSession,
  prefix: string,
  { name, version }: Pick<Projection, "name" | "version">,
): Promise<void> {
  const collection = `${prefix}${GENERATION}`;
  try {
    await session.insert(collection, { _id: THE_ONE, projection: name, version, layout: LAYOUT });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  const [built] = await session.find(collection, { _id: THE_ONE });
  if (built?.projection === name && built.version === version && built.layout === LAYOUT) return;
  throw new FinalError(
    `${prefix}* was built by ${JSON.stringify(built)}, not by ${name} ${version} of layout ${LAYOUT}`,
  );
}
