import { join } from "node:path";
import { isControl } from "../../platform/codec/codec.ts";
import { openSqliteLogReader } from "../../platform/log/sqlite/sqlite-log-reader.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { SqliteReadStore } from "../../projections/runner/sqlite-store.ts";
import type { Generation } from "../projections/generations.ts";
import type { TakenIn } from "./take-in.ts";

const READ_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

/** What a run has done; the last line of `demo --json`. */
export interface Summary {
  readonly commands: number;
  readonly events: number;
  readonly ticks: Readonly<Record<"accepted" | "duplicates" | "rejected" | "quarantined", number>>;
  readonly projections: Readonly<Record<string, ProjectionSummary>>;
  readonly seconds: number;
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
  for (const [name, { generation, position }] of live) {
    const rows = await countRows(folder, name, generation);
    projections[name] = { position: position ?? {}, rows };
  }
  return {
    commands: taken.commands,
    events: await countEvents(folder),
    ticks: { accepted, duplicates, rejected: rejected + beyondHorizon, quarantined },
    projections,
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

/** Rows of all tables of a generation, read back from its store. */
async function countRows(folder: string, name: string, generation: number): Promise<number> {
  const { projection } = registeredProjection(name);
  const file = join(folder, "read", `${name}.g${generation}.db`);
  const store = new SqliteReadStore({ file, projection });
  let rows = 0;
  try {
    for (const table of Object.keys(projection.tables)) {
      for await (const _row of store.rows(table)) rows += 1;
    }
  } finally {
    await store.close();
  }
  return rows;
}
