import { PlatformError } from "../../../platform/errors/catalogue.ts";
import type { PartitionKey } from "../../../platform/log/log.ts";
import { FinalError } from "../../runner/persist.ts";
import type { Projection } from "../../runner/projection.ts";
import type { RedisConnection } from "./connection.ts";

/** The oldest server that was tried; what is older has no flags of scripts. */
const OLDEST_VERSION = 7;
/** Rises when our own keys change; a generation of another layout is built anew. */
const LAYOUT = 1;
/** Keys that the server looks at before it serves others again. */
const KEYS_AT_ONCE = 1_000;

/** Marks a generation as there; any number of processes may do so at once. */
export async function createGeneration(
  connection: RedisConnection,
  parts: { readonly prefix: string; readonly projection: Pick<Projection, "name" | "version"> },
): Promise<void> {
  const { prefix, projection } = parts;
  await requireSuitableServer(connection);
  const built = JSON.stringify({ ...named(projection), layout: LAYOUT });
  await connection.call("SET", recordKey(prefix), built, "NX");
  const found = await connection.call("GET", recordKey(prefix));
  if (found === built) return;
  throw new FinalError(`${prefix} was built by ${found}, not by ${built}`);
}

function named({ name, version }: Pick<Projection, "name" | "version">) {
  return { projection: name, version };
}

export async function isGenerationThere(
  connection: RedisConnection,
  prefix: string,
): Promise<boolean> {
  return (await connection.call("EXISTS", recordKey(prefix))) === 1;
}

/** The partitions that were ever taken, in the order of their names. */
export async function partitionsOf(
  connection: RedisConnection,
  prefix: string,
): Promise<readonly PartitionKey[]> {
  const found = (await connection.call("SMEMBERS", partitionsKey(prefix))) as PartitionKey[];
  return found.sort();
}

/** Before its first script: a partition that is not listed would not be found by readers. */
export async function listPartition(
  connection: RedisConnection,
  { prefix, partition }: { readonly prefix: string; readonly partition: PartitionKey },
): Promise<void> {
  if (!(await isGenerationThere(connection, prefix))) throw new MissingGeneration(prefix);
  await connection.call("SADD", partitionsKey(prefix), partition);
}

/**
 * Removes a generation piece by piece. The checkpoints go before the rows: without one a reader
 * finds no partition, rather than half of its rows, and a late writer writes nothing.
 */
export async function dropGeneration(
  connection: RedisConnection,
  prefix: string,
): Promise<boolean> {
  const wasThere = (await connection.call("DEL", recordKey(prefix))) === 1;
  for (const partition of await partitionsOf(connection, prefix)) {
    await connection.call("DEL", checkpointKey(prefix, partition));
  }
  let removed = 0;
  for await (const key of keysLike(connection, `{${prefix}[:}]*`)) {
    removed += Number(await connection.call("UNLINK", key));
  }
  return wasThere || removed > 0;
}

/** The numbers of a projection's generations. */
export async function generationsThere(
  connection: RedisConnection,
  projection: string,
): Promise<number[]> {
  const found = new Set<number>();
  for await (const key of keysLike(connection, recordKey(`${projection}:g*`))) {
    const [, generation] = /:g(\d+)\}/.exec(key) ?? [];
    if (generation !== undefined) found.add(Number(generation));
  }
  return [...found].sort((a, b) => a - b);
}

/** Piece by piece; a key may come twice. */
async function* keysLike(connection: RedisConnection, pattern: string): AsyncGenerator<string> {
  let cursor = "0";
  do {
    const scan = [cursor, "MATCH", pattern, "COUNT", KEYS_AT_ONCE];
    const [next, keys] = (await connection.call("SCAN", ...scan)) as [string, string[]];
    yield* keys;
    cursor = next;
  } while (cursor !== "0");
}

/** The generation is not there: it was dropped or lost, or not made yet. */
export class MissingGeneration extends FinalError {
  constructor(prefix: string) {
    super(`no generation ${prefix} is in Redis`);
  }
}

/** The server's version, as it names it; throws STORE_UNSUITABLE where we cannot work with it. */
export async function requireSuitableServer(connection: RedisConnection): Promise<string> {
  const facts = factsOf(String(await connection.call("INFO")));
  const fault = serverFault(facts);
  if (fault === null) return facts["redis_version"] ?? "";
  throw new PlatformError("STORE_UNSUITABLE", `Redis at ${connection.place}: ${fault}`);
}

type Facts = Readonly<Record<string, string>>;

/** `name:value` on each line, and headings. */
function factsOf(info: string): Facts {
  return Object.fromEntries(info.split("\r\n").map((line) => line.split(/:(.*)/, 2)));
}

/** What is wrong with a server that says this of itself; null: nothing. */
export function serverFault(facts: Facts): string | null {
  const version = facts["redis_version"] ?? "unknown";
  if (!(Number.parseInt(version, 10) >= OLDEST_VERSION)) {
    return `it is version ${version}, and ${OLDEST_VERSION} is the oldest that works`;
  }
  if (facts["redis_mode"] === "cluster") {
    return "it is a node of a cluster; read models need one server, or one with replicas";
  }
  const policy = facts["maxmemory_policy"] ?? "";
  if (!policy.startsWith("allkeys")) return null;
  return `its maxmemory-policy ${policy} may evict rows; set noeviction`;
}

function recordKey(prefix: string): string {
  return `{${prefix}}:generation`;
}

function partitionsKey(prefix: string): string {
  return `{${prefix}}:partitions`;
}

function checkpointKey(prefix: string, partition: PartitionKey): string {
  return `{${prefix}:${partition}}:_checkpoint`;
}
