import type { EventReader } from "../../platform/codec/codec.ts";
import type { LogReader, PartitionKey } from "../../platform/log/log.ts";
import { persist, type Trouble } from "../../projections/runner/persist.ts";
import type { PartitionProgress } from "../../projections/runner/progress.ts";
import { Fenced } from "../../projections/runner/read-store.ts";
import { type RunEnd, run } from "../../projections/runner/runner.ts";
import type { CommandDoor, ProcessManager } from "./manager.ts";
import type { ProcessStore, Start } from "./process-store.ts";
import { Sender, type SenderObserver } from "./sender.ts";
import { recordStarts, type StartWish } from "./starts.ts";

/** Each batch is a commit and a plan, however little there was: more comes together meanwhile. */
const REST_MS = 200;

export interface ManagerParts<Sources> {
  readonly manager: ProcessManager<Sources>;
  readonly sources: Sources;
  readonly store: ProcessStore;
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly door: CommandDoor;
  readonly clock: () => number;
  readonly wish: StartWish;
  readonly observer: ManagerObserver;
  readonly signal: AbortSignal;
}

export interface ManagerObserver extends SenderObserver {
  /** Only when the store was new: from where on it acts. */
  onStarted?(starts: readonly Start[]): void;
  onProgress?(partitions: readonly PartitionProgress[]): void;
  onTrouble?(partition: PartitionKey | null, trouble: string | null): void;
}

/** Runs one manager until it is stopped, or another process runs it. */
export async function runManager<Sources>(parts: ManagerParts<Sources>): Promise<RunEnd> {
  try {
    await begin(parts);
    return await feedAndSend(parts);
  } catch (error) {
    if (parts.signal.aborted) return { reason: "stopped", detail: "" };
    const detail = error instanceof Error ? error.message : String(error);
    return { reason: error instanceof Fenced ? "fenced" : "failed", detail };
  }
}

/** A store or a log that is away is waited for. */
async function begin<Sources>(parts: ManagerParts<Sources>): Promise<void> {
  const { manager, store, log, clock, wish, observer, signal } = parts;
  const { topics } = manager.projection;
  const work = async () => {
    await store.create();
    await store.reign(await log.logId());
    return recordStarts({ store, log, topics, wish, nowMs: clock() });
  };
  const onTrouble = (trouble: Trouble | null) => observer.onTrouble?.(null, textOf(trouble));
  observer.onStarted?.(await persist("begin", work, { signal, onTrouble }));
}

/** The runner feeds its state, the sender its outbox. */
async function feedAndSend<Sources>(parts: ManagerParts<Sources>): Promise<RunEnd> {
  const { manager, sources, store, log, codec, door, clock, observer } = parts;
  const { projection } = manager;
  const stop = new AbortController();
  const signal = AbortSignal.any([parts.signal, stop.signal]);
  const planner = whenStateIsThere(store, manager.planner({ store, clock }, sources));
  const { name } = projection;
  const sender = new Sender({ name, store, planner, followUps: manager, door, observer, signal });
  const sending = sender.run();
  const running = run({
    projection,
    store,
    log,
    codec,
    observer: {
      onApplied: () => sender.wake(),
      onProgress: ({ partitions }) => observer.onProgress?.(partitions),
      onTrouble: (partition, trouble) => observer.onTrouble?.(partition, textOf(trouble)),
    },
    restMs: REST_MS,
    signal,
  });
  try {
    return await Promise.race([running, sending.then(() => running)]);
  } finally {
    stop.abort();
    await Promise.allSettled([running, sending]);
  }
}

function textOf(trouble: Trouble | null): string | null {
  return trouble && `${trouble.doing}: ${String(trouble.error)}`;
}

/** Nothing is planned on half a state: all that came before the start must have been folded. */
function whenStateIsThere(store: ProcessStore, planner: { plan(): Promise<void> }) {
  let isThere = false;
  return {
    plan: async () => {
      isThere ||= await hasPassedStarts(store);
      if (isThere) await planner.plan();
    },
  };
}

async function hasPassedStarts(store: ProcessStore): Promise<boolean> {
  const checkpoints = await store.checkpoints();
  const starts = await store.starts();
  return [...starts.values()].every(({ partition, position }) => {
    return (checkpoints.get(partition)?.next ?? 0) >= position;
  });
}
