import { setTimeout as sleep } from "node:timers/promises";
import { PollingReader } from "../test/rebuild-readers.ts";
import { DistributedPlatform } from "./distributed-platform.ts";
import { fill } from "./fill.ts";
import { type LongLog, longLogIds, writeLongLog } from "./long-log.ts";
import { ids } from "./population.ts";
import { type Addresses, type LoadWish, tell } from "./reads.ts";
import { beside } from "./rebuild.ts";
import { rebuildAll, statuses, type UnderLoad, underLoad } from "./rebuild-beside.ts";
import type { Section } from "./report.ts";
import type { Bench } from "./sections.ts";
import { ALL_SERVERS, BenchServers } from "./servers.ts";

export interface RebuildOfAllWish extends LoadWish {
  /** Of the log before the load begins, at least. */
  readonly records: number;
}

const READERS_REST_MS = 100;
/** Less than that beside the rebuilds would show little. */
const LEAST = { commandsPerSecond: 200, ticksPerSecond: 5_000 };
const NOTHING: LongLog = { records: 0, ticks: 0 };

/** All read models of the embedded platform. */
export async function measureRebuildOfAll(bench: Bench, wish: RebuildOfAllWish): Promise<Section> {
  let log = NOTHING;
  const { url } = await bench.start({}, async (folder) => {
    log = await writeLongLog({ folder, kafka: null }, wish.records);
    tell("starting the platform on them");
  });
  await fill(url);
  return rebuildUnderLoad({ addresses: { url, readUrl: url }, log }, wish);
}

/**
 * All read models on real servers, with each part in a process of its own. First the wished load
 * goes in alone; beside the rebuilds half of what was accepted of it is wished, and no less than
 * `LEAST`.
 */
export async function measureRebuildOfAllOnServers(wish: RebuildOfAllWish): Promise<Section> {
  tell(`starting ${ALL_SERVERS.join(", ")}`);
  const servers = await BenchServers.start(ALL_SERVERS);
  const platform = new DistributedPlatform(servers);
  try {
    const log = await writeLongLog(platform.logPlace(), wish.records);
    tell("starting the platform on them");
    const addresses = await platform.serveAll();
    await fill(addresses.url, addresses.readUrl);
    tell(`live traffic alone, for ${wish.seconds} s`);
    const alone = await underLoad(addresses, wish, () => sleep(wish.seconds * 1_000));
    await platform.settle();
    const half = {
      commandsPerSecond: Math.max(alone.commandsPerSecond / 2, LEAST.commandsPerSecond),
      ticksPerSecond: Math.max(alone.ticksPerSecond / 2, LEAST.ticksPerSecond),
    };
    return await rebuildUnderLoad({ addresses, log, alone }, { ...wish, ...half });
  } finally {
    await platform.end();
    await servers.remove();
  }
}

interface Filled {
  readonly addresses: Addresses;
  readonly log: LongLog;
  /** The load without a rebuild, where it was measured. */
  readonly alone?: UnderLoad;
}

/**
 * All read models rebuilt at once from a long log while traffic goes on and readers poll. Throws
 * where a reader has seen what it must not, or where one was promoted without a certificate.
 */
async function rebuildUnderLoad(
  { addresses, log, alone }: Filled,
  wish: RebuildOfAllWish,
): Promise<Section> {
  const { readUrl } = addresses;
  const readers = queries.map(
    (query) => new PollingReader(readUrl, { ...query, restMs: READERS_REST_MS }),
  );
  tell("rebuilding all read models, under load");
  const seen = await underLoad(addresses, wish, () => rebuildAll(addresses, null));
  await Promise.all(readers.map((reader) => reader.stop()));
  const findings = readers.flatMap((reader) => reader.findings);
  if (findings.length > 0) throw new Error(`readers have seen:\n${findings.join("\n")}`);
  const live = await statuses(readUrl);
  const unverified = live.filter(({ isVerified }) => !isVerified).map(({ name }) => name);
  if (unverified.length > 0) throw new Error(`without a certificate: ${unverified.join(", ")}`);
  const answers = readers.reduce((sum, reader) => sum + reader.answers, 0);
  const rows: (readonly [string, UnderLoad])[] = alone === undefined ? [] : [["alone", alone]];
  return {
    name: "rebuild-of-all",
    figures: [
      { name: "records in the log before", value: log.records, unit: "records" },
      { name: "  of them no ticks", value: log.records - log.ticks, unit: "records" },
      { name: "from the start until all are live", value: seen.seconds, unit: "s" },
      { name: `answers that ${readers.length} readers have looked at`, value: answers, unit: "" },
      { name: "  of them with a finding", value: 0, unit: "" },
    ],
    tables: [
      beside([...rows, ["while all are rebuilt", seen]]),
      {
        columns: ["certificate", "generation", "rows"],
        rows: live.map(({ name, live: number, certifiedRows }) => [name, number, certifiedRows]),
      },
    ],
    remarks: [
      "A finding: a failed request, an older position or generation, a row that is missing or " +
        "another though it never changes, two answers of one position that differ.",
      `wished: ${Math.round(wish.commandsPerSecond)} commands/s, ` +
        `${Math.round(wish.ticksPerSecond)} ticks/s; commands not accepted, by code: ` +
        JSON.stringify(seen.written.failures),
    ],
  };
}

type Row = Record<string, unknown>;

/** Their first page keeps its rows for ever. */
const queries = [
  {
    path: `/v1/portfolios/${longLogIds.portfolio(7)}/ledger?limit=300`,
    keyOf: ({ sequence, posting }: Row) => `${sequence}/${posting}`,
    immutable: true,
  },
  {
    path: `/v1/portfolios/${ids.portfolio(1)}/ledger?limit=300`,
    keyOf: ({ sequence, posting }: Row) => `${sequence}/${posting}`,
    immutable: true,
  },
  {
    path: `/v1/instruments/${longLogIds.instrument(3)}/ticks?limit=300`,
    keyOf: ({ timestamp, ordinal }: Row) => `${timestamp}/${ordinal}`,
    immutable: true,
  },
  {
    path: `/v1/instruments/${longLogIds.instrument(3)}/candles?interval=1m&from=2026-01-01T00:00:00Z`,
    keyOf: ({ openTime }: Row) => String(openTime),
    immutable: false,
  },
  {
    path: "/v1/strategies?limit=500",
    keyOf: ({ strategyId }: Row) => String(strategyId),
    immutable: false,
  },
  {
    path: `/v1/portfolios/${ids.portfolio(1)}/risk/limits`,
    keyOf: ({ limitId }: Row) => String(limitId),
    immutable: false,
  },
  {
    path: `/v1/traders/${ids.trader(1)}/copying`,
    keyOf: ({ traderId }: Row) => String(traderId),
    immutable: false,
  },
];
