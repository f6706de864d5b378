import { PollingReader } from "../test/rebuild-readers.ts";
import { fill } from "./fill.ts";
import { type LongLog, longLogIds, writeLongLog } from "./long-log.ts";
import { ids } from "./population.ts";
import { type LoadWish, tell } from "./reads.ts";
import { beside } from "./rebuild.ts";
import { rebuildAll, statuses, underLoad } from "./rebuild-beside.ts";
import type { Section } from "./report.ts";
import type { Bench } from "./sections.ts";

export interface RebuildOfAllWish extends LoadWish {
  /** Of the log before the load begins, at least. */
  readonly records: number;
}

/**
 * All read models rebuilt at once from a long log while traffic goes on and readers poll. Throws
 * where a reader has seen what it must not, or where one was promoted without a certificate.
 */
export async function measureRebuildOfAll(bench: Bench, wish: RebuildOfAllWish): Promise<Section> {
  let log: LongLog = { records: 0, ticks: 0 };
  const { url } = await bench.start({}, async (folder) => {
    tell(`writing ${wish.records} records`);
    log = await writeLongLog(folder, wish.records);
    tell("starting the platform on them");
  });
  await fill(url);
  const readers = queries.map((query) => new PollingReader(url, query));
  tell("rebuilding all read models, under load");
  const seen = await underLoad(url, wish, () => rebuildAll(url, null));
  await Promise.all(readers.map((reader) => reader.stop()));
  const findings = readers.flatMap((reader) => reader.findings);
  if (findings.length > 0) throw new Error(`readers have seen:\n${findings.join("\n")}`);
  const live = await statuses(url);
  const unverified = live.filter(({ isVerified }) => !isVerified).map(({ name }) => name);
  if (unverified.length > 0) throw new Error(`without a certificate: ${unverified.join(", ")}`);
  const answers = readers.reduce((sum, reader) => sum + reader.answers, 0);
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
      beside([["while all are rebuilt", seen]]),
      {
        columns: ["certificate", "generation", "rows"],
        rows: live.map(({ name, live: number, certifiedRows }) => [name, number, certifiedRows]),
      },
    ],
    remarks: [
      "A finding: a failed request, an older position or generation, a row that is missing or " +
        "another though it never changes, two answers of one position that differ.",
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
    keyOf: ({ kind }: Row) => String(kind),
    immutable: false,
  },
  {
    path: `/v1/traders/${ids.trader(1)}/copying`,
    keyOf: ({ leader, leaderId, traderId }: Row) => String(leader ?? leaderId ?? traderId),
    immutable: false,
  },
];
