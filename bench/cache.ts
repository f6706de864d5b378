import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { createRandom } from "../cli/demo/random.ts";
import { openReaders } from "../cli/serve/readers/open-readers.ts";
import { storePlace } from "../cli/store-place.ts";
import { readConfig } from "../platform/config/config.ts";
import { openPrivateRedis } from "../test/real/private-redis.ts";
import { DistributedPlatform } from "./distributed-platform.ts";
import { fill } from "./fill.ts";
import { quantile } from "./http-load.ts";
import { type Opened, openReads, QueryCache } from "./query-cache.ts";
import { type LoadWish, tell } from "./reads.ts";
import type { Cell, Section } from "./report.ts";
import { ALL_SERVERS, BenchServers } from "./servers.ts";
import type { WriteJob } from "./write-worker.ts";

const SEED = 5;
const READS_IN_FLIGHT = 8;
/** Each way is asked so long before it counts. */
const WARM_UP_SHARE = 0.25;
/** Squeezed towards the first ids: the favourites are asked again and again. */
const POPULARITY_POWER = 3;
const CACHE_SETTINGS = [
  ["appendonly", "no"],
  ["maxmemory", "64mb"],
  ["maxmemory-policy", "allkeys-lru"],
] as const;

type Row = readonly [string, ...Cell[]];

/**
 * What a cache in front of the read models would bring while commands and ticks go in: everyday
 * reads straight from their stores, and through a Redis of its own that keys answers by generation,
 * query and the position of what was read.
 */
export async function measureCache(wish: Omit<LoadWish, "isApart">): Promise<Section> {
  tell(`starting ${ALL_SERVERS.join(", ")}`);
  const servers = await BenchServers.start(ALL_SERVERS);
  const platform = new DistributedPlatform(servers);
  const redis = await openPrivateRedis(CACHE_SETTINGS);
  try {
    for (const part of ["command-side", "projections", "query-api"] as const) {
      await platform.serve(part);
    }
    const url = platform.urlOf("command-side");
    tell("filling the platform");
    await fill(url, platform.urlOf("query-api"));
    const { readers, close } = await openReaders(storePlace(readConfig(servers.environment())));
    const cache = new QueryCache(redis.url);
    const opened = await openReads(readers);
    const rows = await underLoad({ url, ...wish }, () => rowsOf(opened, cache, wish.seconds));
    await opened.close();
    await cache.close();
    await close();
    return {
      name: "cache",
      figures: [],
      tables: [
        {
          columns: ["read", "reads/s", "p50 ms", "p99 ms", "µs/read here", "hits %"],
          rows,
        },
      ],
      remarks: [
        `${READS_IN_FLIGHT} reads in flight; ids by popularity: the first tenth gets half of them`,
        `meanwhile ${wish.commandsPerSecond} commands/s and ${wish.ticksPerSecond} ticks/s go in`,
      ],
    };
  } finally {
    await redis.remove();
    await platform.end();
    await servers.remove();
  }
}

async function underLoad<T>(workerData: WriteJob, measure: () => Promise<T>): Promise<T> {
  const file = new URL("./write-worker.ts", import.meta.url);
  const writer = new Worker(file, { workerData, name: "writing" });
  const written = once(writer, "message");
  written.catch(() => undefined);
  try {
    return await measure();
  } finally {
    writer.postMessage("stop");
    await written;
  }
}

async function rowsOf(opened: Opened, cache: QueryCache, seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  const each = seconds / (opened.reads.length * 2);
  const warm = each * WARM_UP_SHARE;
  for (const read of opened.reads) {
    tell(read.name);
    const random = createRandom(SEED);
    const idOf = () => Math.floor(random.uniform() ** POPULARITY_POWER * read.ids);
    const askStraight = () => read.straight(idOf());
    const askThrough = () => cache.read(read, idOf());
    await timed(warm, askStraight);
    await timed(warm, askThrough);
    rows.push([`${read.name}, straight`, ...(await timed(each, askStraight)), null]);
    cache.forgetCounts();
    const through = await timed(each, askThrough);
    rows.push(["  through the cache", ...through, cache.hitShare * 100]);
  }
  return rows;
}

async function timed(seconds: number, ask: () => Promise<unknown>): Promise<number[]> {
  const milliseconds: number[] = [];
  const [startedMs, computed] = [performance.now(), process.threadCpuUsage()];
  const endMs = startedMs + seconds * 1_000;
  const work = async () => {
    while (performance.now() < endMs) {
      const askedMs = performance.now();
      await ask();
      milliseconds.push(performance.now() - askedMs);
    }
  };
  await Promise.all(Array.from({ length: READS_IN_FLIGHT }, work));
  const took = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.threadCpuUsage(computed);
  const sorted = milliseconds.toSorted((one, two) => one - two);
  const perSecond = sorted.length / took;
  const micros = (user + system) / sorted.length;
  return [perSecond, quantile(sorted, 0.5), quantile(sorted, 0.99), micros];
}
