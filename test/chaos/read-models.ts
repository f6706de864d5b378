import { setTimeout as sleep } from "node:timers/promises";
import type { LogReader } from "../../platform/log/log.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { type Digest, digestGeneration } from "../../projections/runner/digest.ts";
import type { Generation } from "../../projections/runner/generations.ts";
import { openStore } from "../../projections/stores.ts";
import { withHistory } from "../history/read-history.ts";
import { generationsOf } from "../kill-autopsy.ts";
import { type Comparison, compareWithFresh, type PlatformPlace } from "../rebuild-rows.ts";

const CAUGHT_UP_WITHIN_MILLISECONDS = 600_000;
const LOOK_EVERY_MILLISECONDS = 250;

export interface CheckedModel extends Comparison {
  readonly projection: string;
  readonly generation: number;
}

/** Waits until every live generation has come to the log's end, which must not move any more. */
export async function untilCaughtUp(place: PlatformPlace): Promise<void> {
  await withHistory(place.log, async (history) => {
    for (const generation of await liveGenerations(place)) {
      const ends = await endsFor(history.log, generation.projection);
      await untilFed(place, generation, ends);
    }
  });
}

/** Compares every live generation, row by row, with one that is built anew from the log. */
export async function compareAll(place: PlatformPlace): Promise<readonly CheckedModel[]> {
  const checked: CheckedModel[] = [];
  for (const { projection, generation } of await liveGenerations(place)) {
    const comparison = await compareWithFresh(place, projection, generation);
    checked.push({ projection, generation, ...comparison });
  }
  return checked;
}

async function liveGenerations({ log }: PlatformPlace): Promise<readonly Generation[]> {
  const all = await withHistory(log, generationsOf);
  return all.filter(({ phase }) => phase === "live");
}

type Ends = ReadonlyMap<string, number>;

async function endsFor(log: LogReader, projection: string): Promise<Ends> {
  const ends = new Map<string, number>();
  for (const topic of registeredProjection(projection).projection.topics) {
    for (const [partition, end] of (await log.ends(topic)).entries()) {
      ends.set(`${topic}/${partition}`, end);
    }
  }
  return ends;
}

async function untilFed(place: PlatformPlace, generation: Generation, ends: Ends): Promise<void> {
  const { projection, generation: number } = generation;
  const store = await openStore(place.stores, projection, number);
  const deadline = performance.now() + CAUGHT_UP_WITHIN_MILLISECONDS;
  try {
    await store.create();
    for (;;) {
      const next = new Map(
        [...(await store.checkpoints())].map(([key, at]) => [String(key), at.next]),
      );
      const behind = [...ends].filter(([key, end]) => (next.get(key) ?? 0) < end);
      if (behind.length === 0) return;
      if (performance.now() > deadline) {
        const text = behind.map(([key, end]) => `${key} at ${next.get(key) ?? 0} of ${end}`);
        throw new Error(`${projection} does not catch up: ${text.join(", ")}`);
      }
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  } finally {
    await store.close();
  }
}

/** Of every live generation what its rows come to, wherever in the log they come from. */
export async function digestAll(place: PlatformPlace): Promise<Readonly<Record<string, Digest>>> {
  const digests: Record<string, Digest> = {};
  for (const { projection, generation } of await liveGenerations(place)) {
    const { tables } = registeredProjection(projection).projection;
    const store = await openStore(place.stores, projection, generation);
    try {
      const byTable = (await digestGeneration(store, tables)).tables;
      for (const [table, digest] of Object.entries(byTable)) {
        digests[`${projection}.${table}`] = digest;
      }
    } finally {
      await store.close();
    }
  }
  return digests;
}
