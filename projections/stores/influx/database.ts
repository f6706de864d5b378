import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { FinalError } from "../../runner/persist.ts";
import type { Projection } from "../../runner/projection.ts";
import { generationSchema } from "../postgres/schema.ts";
import { createBucket, dropBucket, hasBuckets } from "./buckets.ts";
import type { InfluxClient } from "./client.ts";
import { MissingDatabase } from "./errors.ts";
import { identifier } from "./query.ts";
import { fieldText } from "./text.ts";

type Built = Pick<Projection, "name" | "version">;

const SUITABLE = /^v?(1\.|2\.([7-9]|\d\d))/;

interface NewDatabase {
  readonly database: string;
  readonly projection: Built;
  /** The user who may read it; null: none but administrators. */
  readonly reader: string | null;
}

const SELECT_GENERATION = {
  text: 'SELECT "projection", "version" FROM "_generation" WHERE time = 0',
  values: [],
};

/**
 * Makes the database of a generation; any number of processes may do so at once. It has no
 * retention policy but the one that keeps everything: what is rebuilt may be of any age.
 *
 *   _generation projection="ticks-and-candles",version=1i 0
 */
export async function createDatabase(
  client: InfluxClient,
  { database, projection, reader }: NewDatabase,
): Promise<void> {
  const ofBuckets = hasBuckets(await requireSuitableServer(client));
  if (ofBuckets && reader !== null) throw nothingToGrant(client);
  if (ofBuckets) await createBucket(client, database);
  else await client.command(`CREATE DATABASE ${identifier(database)}`);
  const { name, version } = projection;
  if ((await builtBy(client, database)) === null) {
    const fields = `projection=${fieldText(name)},version=${version}i`;
    await client.write(database, `_generation ${fields} 0`);
  }
  const built = await builtBy(client, database);
  if (built?.name !== name || built.version !== version) {
    throw new FinalError(
      `the database was built by ${JSON.stringify(built)}, not by ${name} ${version}`,
    );
  }
  if (reader === null) return;
  await client.command(`GRANT READ ON ${identifier(database)} TO ${identifier(reader)}`);
}

/** The projection that built the generation; `null` while it is not there yet. */
export async function builtBy(client: InfluxClient, database: string): Promise<Built | null> {
  try {
    const [[series] = []] = await client.query(database, [SELECT_GENERATION]);
    // Another process may be writing it: then one of the fields is not there yet.
    const [, name = null, version = null] = series?.values[0] ?? [];
    if (name === null || version === null) return null;
    return { name: String(name), version: Number(version) };
  } catch (error) {
    if (error instanceof MissingDatabase) return null;
    throw error;
  }
}

/** The generations of a projection that stand on the server. */
export async function generationsThere(
  client: InfluxClient,
  projection: string,
): Promise<readonly number[]> {
  const [series] = await client.command("SHOW DATABASES");
  const generations = (series?.values ?? []).flatMap(([name]) => {
    const generation = Number(/_g([1-9]\d*)$/.exec(String(name))?.[1]);
    return name === generationSchema(projection, generation) ? [generation] : [];
  });
  return generations.sort((a, b) => a - b);
}

/** Gives whether anything was there; harmless when it is gone. */
export async function dropDatabase(client: InfluxClient, database: string): Promise<boolean> {
  if (hasBuckets(await client.version())) return dropBucket(client, database);
  const [series] = await client.command("SHOW DATABASES");
  const wasThere = series?.values.some(([name]) => name === database) ?? false;
  await client.command(`DROP DATABASE ${identifier(database)}`);
  return wasThere;
}

/**
 * The server's version as it names itself; throws STORE_UNSUITABLE where we cannot work with it,
 * STORE_REFUSED where it does not know the login.
 */
export async function requireSuitableServer(client: InfluxClient): Promise<string> {
  const version = await client.version();
  const fault = serverFault(version);
  if (fault !== null) {
    throw new PlatformError("STORE_UNSUITABLE", `InfluxDB at ${client.place}: ${fault}`);
  }
  await client.command("SHOW DATABASES");
  return version ?? "of an unnamed version";
}

/** What is wrong with a server of this version; null: nothing, also where it names none. */
export function serverFault(version: string | null): string | null {
  if (version === null || SUITABLE.test(version)) return null;
  return `it is version ${version}; ticks and candles want 1.x, or 2 from 2.7 on`;
}

function nothingToGrant(client: InfluxClient): PlatformError {
  const advice = "leave CH_INFLUX_READER out, and give who reads a token that reads buckets";
  const detail = `InfluxDB 2 has no users to grant anything: ${advice}`;
  return new PlatformError("STORE_UNSUITABLE", `InfluxDB at ${client.place}: ${detail}`);
}
