import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  projectionNames,
  type RegisteredProjection,
  registeredProjection,
} from "../projections/registry.ts";
import { NO_LIVE_LAG_LIMIT_MS } from "../projections/runner/pace.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import { openStore, serverOf } from "../projections/stores.ts";
import { DistributedPlatform } from "./distributed-platform.ts";
import { nextGeneration } from "./fed-store.ts";
import { fill } from "./fill.ts";
import { RAW_STORES, rawSqlite } from "./raw-stores.ts";
import { type Addresses, type LoadWish, tell } from "./reads.ts";
import { type Aside, type RebuiltAside, rebuildAside } from "./rebuild-aside.ts";
import { rebuildAll, type UnderLoad, underLoad } from "./rebuild-beside.ts";
import type { Section, Table } from "./report.ts";
import type { Bench } from "./sections.ts";
import { ALL_SERVERS, BenchServers } from "./servers.ts";

/**
 * How fast read models are rebuilt, beside what comes in live and beside what their store takes at
 * most; and what live traffic feels of it, with and without a limit to its lag.
 */
export async function measureRebuild(bench: Bench, wish: LoadWish): Promise<Section> {
  const { url, folder } = await bench.start();
  tell("filling the platform");
  await fill(url);
  const traffic = await measureTraffic({ url, readUrl: url }, wish);
  const asides = await rebuildEach(async ({ projection, indexes }) => {
    const file = join(folder, `aside-${projection.name}.db`);
    const store = new SqliteReadStore({ file, projection, indexes });
    return { log: folder, store, raw: rawSqlite(join(folder, `raw-${projection.name}.db`)) };
  });
  return sectionOf(asides, traffic, wish);
}

/** The same on real servers, with each part in a process of its own; read models on their servers. */
export async function measureRebuildOnServers(wish: LoadWish): Promise<Section> {
  tell(`starting ${ALL_SERVERS.join(", ")}`);
  const servers = await BenchServers.start(ALL_SERVERS);
  const platform = new DistributedPlatform(servers);
  try {
    const addresses = await platform.serveAll();
    tell("filling the platform");
    await fill(addresses.url, addresses.readUrl);
    const traffic = await measureTraffic(addresses, wish);
    await platform.settle();
    await platform.end();
    const [log, place] = [platform.logPlace(), platform.storePlace()];
    const asides = await rebuildEach(async (registered) => {
      const { name, tables } = registered.projection;
      const there = serverOf(registered, place.servers);
      if (there === null) throw new Error(`${name} is on no server`);
      const store = await openStore(place, name, nextGeneration());
      return { log, store, raw: await RAW_STORES[there.server](there.address, tables) };
    });
    return sectionOf(asides, traffic, wish);
  } finally {
    await platform.end();
    await servers.remove();
  }
}

type Traffic = readonly (readonly [string, UnderLoad])[];

async function measureTraffic(addresses: Addresses, wish: LoadWish): Promise<Traffic> {
  tell(`live traffic alone, for ${wish.seconds} s`);
  const alone = await underLoad(addresses, wish, () => sleep(wish.seconds * 1_000));
  tell("rebuilding all read models beside it, without a limit");
  const unlimited = await underLoad(addresses, wish, () =>
    rebuildAll(addresses, NO_LIVE_LAG_LIMIT_MS),
  );
  tell("rebuilding all read models beside it, with the usual limit");
  const limited = await underLoad(addresses, wish, () => rebuildAll(addresses, null));
  return [
    ["alone", alone],
    ["all rebuilt beside it, no limit", unlimited],
    ["all rebuilt beside it, usual limit", limited],
  ];
}

async function rebuildEach(
  openAside: (registered: RegisteredProjection) => Promise<Omit<Aside, "projection">>,
): Promise<ReadonlyMap<string, RebuiltAside>> {
  const asides = new Map<string, RebuiltAside>();
  for (const name of projectionNames) {
    tell(`rebuilding ${name} alone`);
    const registered = registeredProjection(name);
    const aside = { ...(await openAside(registered)), projection: registered.projection };
    asides.set(name, await rebuildAside(aside));
  }
  return asides;
}

function sectionOf(
  asides: ReadonlyMap<string, RebuiltAside>,
  traffic: Traffic,
  wish: LoadWish,
): Section {
  const alone = traffic[0]?.[1].liveRates ?? new Map<string, number>();
  return {
    name: "rebuild",
    figures: [],
    tables: [speeds(asides, alone), spentTable(asides), beside(traffic)],
    remarks: [
      "Events are records: one of ticks has many. Rows are counted as often as they are written.",
      "Live: what came in of each while live traffic was alone. Raw: the same rows by the same " +
        "client, 5,000 at once, each key once in these, without checkpoints and other indexes.",
      "Partitions are read and written side by side: shares of time may come to more than all.",
      "A build and its comparison are over when it is live. Lag is the worst of all live ones; " +
        `p50 and p99 are of ${wish.linesPerRequest} commands in a request.`,
    ],
  };
}

function speeds(
  asides: ReadonlyMap<string, RebuiltAside>,
  liveRates: UnderLoad["liveRates"],
): Table {
  const rows = [...asides].map(([name, { events, rows: written, seconds, rawRowsPerSecond }]) => {
    const [perSecond, rowsPerSecond] = [events / seconds, written / seconds];
    const live = liveRates.get(name) ?? 0;
    const cells = [events, perSecond, live, live > 0 ? perSecond / live : null];
    const raw = [rowsPerSecond, rawRowsPerSecond, (rowsPerSecond / rawRowsPerSecond) * 100];
    return [name, ...cells, ...raw] as const;
  });
  const columns = ["rebuilt alone", "events", "events/s", "live events/s", "times live"];
  return { columns: [...columns, "rows/s", "raw rows/s", "% of raw"], rows };
}

function spentTable(asides: ReadonlyMap<string, RebuiltAside>): Table {
  const rows = [...asides].map(([name, { seconds, spent }]) => {
    const shares = [...spent.values()].map((one) => (one / seconds) * 100);
    return [name, seconds, ...shares] as const;
  });
  const works = [...asides.values()].flatMap(({ spent }) => [...spent.keys()]);
  const columns = [...new Set(works)].map((work) => `${work} %`);
  return { columns: ["where its time goes", "seconds", ...columns], rows };
}

export function beside(all: readonly (readonly [string, UnderLoad])[]): Table {
  const rows = all.map(([name, { seconds, written, worstLagSeconds, ...rates }]) => {
    const { p50Milliseconds, p99Milliseconds } = written;
    const { commandsPerSecond, ticksPerSecond } = rates;
    const cells = [seconds, worstLagSeconds, p50Milliseconds, p99Milliseconds];
    return [name, ...cells, commandsPerSecond, ticksPerSecond] as const;
  });
  const columns = ["live traffic", "seconds", "worst lag s", "p50 ms", "p99 ms"];
  return { columns: [...columns, "commands/s", "ticks/s"], rows };
}
