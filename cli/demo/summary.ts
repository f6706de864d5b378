import { join } from "node:path";
import { isControl } from "../../platform/codec/codec.ts";
import { openSqliteLogReader } from "../../platform/log/sqlite/sqlite-log-reader.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";
import type { Generation } from "../projections/generations.ts";
import type { TakenIn } from "./take-in.ts";

const READ_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

/** What a run has done; the last line of `demo --json`. */
export interface Summary {
  readonly commands: number;
  readonly events: number;
  readonly ticks: Readonly<Record<"accepted" | "duplicates" | "rejected" | "quarantined", number>>;
  readonly projections: Readonly<Record<string, ProjectionSummary>>;
  readonly counts: Counts;
  readonly seconds: number;
}

/** Of the live read models. */
interface Counts {
  readonly strategies: number;
  readonly limits: number;
  /** Ever. */
  readonly breaches: number;
  readonly traders: number;
  readonly follows: number;
  readonly copies: number;
}

interface ProjectionSummary {
  /** Next position by `topic/partition`. */
  readonly position: Readonly<Record<string, number>>;
  readonly rows: number;
}

export interface SummaryParts {
  readonly folder: string;
  readonly taken: TakenIn;
  /** The live generation of each projection. */
  readonly live: ReadonlyMap<string, Generation>;
  readonly seconds: number;
}

export async function summarise(parts: SummaryParts): Promise<Summary> {
  const { folder, taken, live, seconds } = parts;
  const { accepted, duplicates, beyondHorizon, rejected, quarantined } = taken.ticks;
  const projections: Record<string, ProjectionSummary> = {};
  const byTable: Record<string, Readonly<Record<string, number>>> = {};
  for (const [name, { generation, position }] of live) {
    const tables = await countRows(folder, name, generation);
    byTable[name] = tables;
    const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
    projections[name] = { position: position ?? {}, rows };
  }
  return {
    commands: taken.commands,
    events: await countEvents(folder),
    ticks: { accepted, duplicates, rejected: rejected + beyondHorizon, quarantined },
    projections,
    counts: countsOf(byTable),
    seconds: Number(seconds.toFixed(3)),
  };
}

/** Events in the log, of whichever run; claims and the like are none. */
async function countEvents(folder: string): Promise<number> {
  const log = openSqliteLogReader({ folder });
  let events = 0;
  try {
    for (const [topic, partitions] of await log.topics()) {
      for (let partition = 0; partition < partitions; partition += 1) {
        for (let next = 0; ; ) {
          const records = await log.read({ topic, partition }, next, READ_LIMITS);
          const last = records.at(-1);
          if (last === undefined) break;
          events += records.filter((record) => !isControl(record)).length;
          next = last.position + 1;
        }
      }
    }
  } finally {
    await log.close();
  }
  return events;
}

/** What trades on the market beside portfolios, in one line. */
export function companyText(counts: Counts): string {
  const { strategies, limits, breaches, traders, follows, copies } = counts;
  const of = (count: number, one: string, several: string) => {
    return `${count} ${count === 1 ? one : several}`;
  };
  return [
    `Beside them ${of(strategies, "strategy", "strategies")}`,
    `${of(limits, "risk limit", "risk limits")} with ${of(breaches, "breach", "breaches")}`,
    `${of(traders, "trader", "traders")} with ${of(follows, "follow", "follows")} ` +
      `and ${of(copies, "copy", "copies")}.`,
  ].join(", ");
}

function countsOf(byTable: Readonly<Record<string, Readonly<Record<string, number>>>>): Counts {
  const rows = (projection: string, table: string) => byTable[projection]?.[table] ?? 0;
  return {
    strategies: rows("strategies", "strategies"),
    limits: rows("risk", "limits"),
    breaches: rows("risk", "breaches"),
    traders: rows("social", "traders"),
    follows: rows("social", "follows"),
    copies: rows("social", "copies"),
  };
}

/** Rows by table of a generation, read back from its store. */
async function countRows(
  folder: string,
  name: string,
  generation: number,
): Promise<Readonly<Record<string, number>>> {
  const { projection } = registeredProjection(name);
  const file = join(folder, "read", `${name}.g${generation}.db`);
  const store = new SqliteReadStore({ file, projection });
  const counted: Record<string, number> = {};
  try {
    for (const table of Object.keys(projection.tables)) {
      counted[table] = 0;
      for await (const _row of store.rows(table)) counted[table] += 1;
    }
  } finally {
    await store.close();
  }
  return counted;
}
