import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { projectionNames, registeredProjection } from "../projections/registry.ts";
import { send } from "./http-load.ts";
import { acceptedOfLoad, metricsOf } from "./metrics.ts";
import type { Addresses } from "./reads.ts";
import type { WriteJob, Written } from "./write-worker.ts";

const WARM_UP_MILLISECONDS = 5_000;
const LOOK_EVERY_MILLISECONDS = 50;
const BUILT_WITHIN_MILLISECONDS = 3_600_000;

/** What live traffic was like while something was done. */
export interface UnderLoad {
  readonly seconds: number;
  readonly written: Written;
  /** Of each read model, records that came in each second. */
  readonly liveRates: ReadonlyMap<string, number>;
  readonly worstLagSeconds: number;
  /** Of the load, accepted. */
  readonly commandsPerSecond: number;
  readonly ticksPerSecond: number;
}

/** Load goes in while `work` is done; it is looked all the time how far live generations lag. */
export async function underLoad(
  { url, readUrl }: Addresses,
  job: Omit<WriteJob, "url">,
  work: () => Promise<unknown>,
): Promise<UnderLoad> {
  const workerData: WriteJob = { url, ...job };
  const file = new URL("./write-worker.ts", import.meta.url);
  const writer = new Worker(file, { workerData, name: "writing" });
  const writing = once(writer, "message") as Promise<[Written]>;
  // Its failure is told at the end, when the platform can be stopped.
  writing.catch(() => undefined);
  await sleep(WARM_UP_MILLISECONDS);
  const before = await statuses(readUrl);
  const accepted = acceptedOfLoad(await metricsOf(url));
  const startedMs = performance.now();
  const isOver = new AbortController();
  const watching = worstLag(readUrl, isOver.signal);
  await work();
  const seconds = (performance.now() - startedMs) / 1_000;
  isOver.abort();
  const worstLagSeconds = await watching;
  const after = await statuses(readUrl);
  const acceptedAfter = acceptedOfLoad(await metricsOf(url));
  writer.postMessage("stop");
  const [written] = await writing;
  const liveRates = new Map(
    after.map(({ name, end }) => {
      const from = before.find((one) => one.name === name)?.end ?? 0;
      return [name, (end - from) / seconds];
    }),
  );
  const commandsPerSecond = (acceptedAfter.commands - accepted.commands) / seconds;
  const ticksPerSecond = (acceptedAfter.ticks - accepted.ticks) / seconds;
  const rates = { liveRates, commandsPerSecond, ticksPerSecond };
  return { seconds, written, worstLagSeconds, ...rates };
}

async function worstLag(readUrl: string, isOver: AbortSignal): Promise<number> {
  let worst = 0;
  while (!isOver.aborted) {
    for (const { lagSeconds } of await statuses(readUrl)) worst = Math.max(worst, lagSeconds);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
  return worst;
}

export async function rebuildAll(
  { url, readUrl }: Addresses,
  maxLiveLagMs: number | null,
): Promise<void> {
  const before = new Map((await statuses(readUrl)).map(({ name, newest }) => [name, newest]));
  for (const name of projectionNames) {
    const { version } = registeredProjection(name).projection;
    const limit = maxLiveLagMs === null ? {} : { maxLiveLagMs };
    const body = JSON.stringify({ version, reason: "bench", ...limit });
    await send(url, { method: "POST", path: `/v1/projections/${name}/start-generation`, body });
  }
  const deadlineMs = performance.now() + BUILT_WITHIN_MILLISECONDS;
  for (;;) {
    const all = await statuses(readUrl);
    if (all.every(({ name, live }) => live > (before.get(name) ?? 0))) return;
    if (performance.now() > deadlineMs) throw new Error("the rebuilds did not end in time");
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}

export interface Status {
  readonly name: string;
  /** Numbers of generations. */
  readonly live: number;
  readonly newest: number;
  /** Of the live one. */
  readonly isVerified: boolean;
  readonly certifiedRows: number;
  readonly lagSeconds: number;
  /** Of the log, over all its partitions. */
  readonly end: number;
}

export async function statuses(readUrl: string): Promise<readonly Status[]> {
  const text = await send(readUrl, { method: "GET", path: "/v1/projections" });
  const { data } = JSON.parse(text) as { readonly data: readonly ShownProjection[] };
  return data.map(({ name, generations }) => {
    const live = generations.find(({ phase }) => phase === "live");
    const positions = Object.values(live?.position ?? {});
    return {
      name,
      live: live?.generation ?? 0,
      isVerified: live?.verified ?? false,
      certifiedRows: certifiedRows(live),
      newest: generations.length,
      lagSeconds: live?.lagSeconds ?? 0,
      end: positions.reduce((sum, next) => sum + next, live?.gapEvents ?? 0),
    };
  });
}

function certifiedRows(live: ShownGeneration | undefined): number {
  return (live?.certificate?.tables ?? []).reduce((sum, { rows }) => sum + rows, 0);
}

interface ShownProjection {
  readonly name: string;
  readonly generations: readonly ShownGeneration[];
}

interface ShownGeneration {
  readonly generation: number;
  readonly phase: string;
  readonly verified: boolean;
  readonly certificate: { readonly tables: readonly { readonly rows: number }[] } | null;
  readonly lagSeconds: number | null;
  readonly gapEvents: number | null;
  readonly position: Readonly<Record<string, number>> | null;
}
