import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { topics } from "../../kafka-topics/topics.ts";
import type { Checkpoint, ReadStore } from "../../projections/runner/read-store.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";
import type { ReadLog } from "../read-log.ts";
import { type Finding, fail, ok, warn } from "./findings.ts";

const READ_FOLDER = "read";
/** Clocks differ; a log written further ahead than this was written by a wrong one. */
const CLOCK_TOLERANCE_MS = 2_000;

/** The log: its topics, and whether the clock goes with what is written. */
export async function checkLog({ log }: ReadLog, nowMs: number): Promise<readonly Finding[]> {
  const logId = await log.logId();
  const there = await log.topics();
  const missing = topics.filter(({ topic }) => !there.has(topic)).map(({ topic }) => topic);
  const known =
    missing.length === 0
      ? ok("log", `${logId}, ${there.size} topics`)
      : warn("log", `has no ${missing.join(", ")}`, "cipherhorizon serve all makes them");
  return [known, await checkClock(log, nowMs)];
}

async function checkClock(log: ReadLog["log"], nowMs: number): Promise<Finding> {
  let newestMs = 0;
  for (const topic of (await log.topics()).keys()) {
    for (const [partition, end] of (await log.ends(topic)).entries()) {
      const from = Math.max(0, end - 1);
      const limits = { maxRecords: 1, maxBytes: 1 };
      const [last] = await log.read({ topic, partition }, from, limits);
      newestMs = Math.max(newestMs, last?.timestampMs ?? 0);
    }
  }
  const aheadMs = newestMs - nowMs;
  if (aheadMs <= CLOCK_TOLERANCE_MS) return ok("clock", new Date(nowMs).toISOString());
  const detail = `the newest record was written ${aheadMs} ms after now`;
  return warn("clock", detail, "set this machine's clock: times of new records cannot fall");
}

/** A generation in some store, of whichever process. */
export interface FoundGeneration {
  readonly projection: string;
  readonly generation: number;
  /** The caller closes it. */
  open(): Promise<Pick<ReadStore, "checkpoints" | "close">>;
}

/** The generations that are there: of which log, what is parked, what is left over. */
export async function checkStores(
  { folder, log }: ReadLog,
  onServers: readonly FoundGeneration[],
): Promise<readonly Finding[]> {
  const logId = await log.logId();
  const all = [...(await inFolder(folder)), ...onServers];
  const findings: Finding[] = [];
  for (const one of all) {
    const store = await one.open();
    try {
      findings.push(...checkStore(one, await store.checkpoints(), logId));
    } finally {
      await store.close();
    }
  }
  return [...findings, ...leftOver(all)];
}

function checkStore(
  { projection, generation }: FoundGeneration,
  checkpoints: ReadonlyMap<string, Checkpoint>,
  logId: string,
): Finding[] {
  const about = `${projection} generation ${generation}`;
  const foreign = [...checkpoints].find(([, checkpoint]) => checkpoint.logId !== logId);
  if (foreign !== undefined) {
    const detail = `its checkpoint of ${foreign[0]} is of log ${foreign[1].logId}`;
    return [fail(about, detail, `cipherhorizon projections rebuild ${projection}`)];
  }
  const parked = [...checkpoints].flatMap(([key, checkpoint]) => {
    return checkpoint.parked.map((one) => {
      const detail = `stream ${one.stream} is parked at ${key}@${one.position}: ${one.reason}`;
      const todo = `cipherhorizon parked show ${projection} ${one.stream}`;
      return warn(about, detail, todo);
    });
  });
  return parked.length > 0 ? parked : [ok(about, `${checkpoints.size} partitions, none parked`)];
}

/** More than two generations of a projection: one live, one to go back to. */
function leftOver(all: readonly FoundGeneration[]): Finding[] {
  const byProjection = Map.groupBy(all, ({ projection }) => projection);
  return [...byProjection]
    .filter(([, generations]) => generations.length > 2)
    .map(([projection, generations]) => {
      const detail = `${generations.length} generations are kept`;
      const retire = `projections retire ${projection} --generation N --reason "…"`;
      const todo = `cipherhorizon projections list; then: cipherhorizon ${retire}`;
      return warn(projection, detail, todo);
    });
}

async function inFolder(folder: string): Promise<FoundGeneration[]> {
  const names = await readdir(join(folder, READ_FOLDER)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.flatMap((name) => {
    const match = /^(.+)\.g(\d+)\.db$/.exec(name);
    const projection = match?.[1];
    if (projection === undefined) return [];
    const file = join(folder, READ_FOLDER, name);
    const declared = { name: projection, version: 1, tables: {} };
    const open = async () => new SqliteReadStore({ file, projection: declared });
    return [{ projection, generation: Number(match?.[2]), open }];
  });
}
