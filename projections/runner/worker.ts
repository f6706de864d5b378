/**
 * The thread that feeds one generation of one projection. The log is chosen in
 * `platform/log/places.ts`, the read store in `stores.ts`.
 */
import { parentPort, workerData } from "node:worker_threads";
import { openLogReading } from "../../platform/log/places.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { registeredProjection } from "../registry.ts";
import { openStore, serverOf } from "../stores.ts";
import type { FeedingTurn } from "./feeding-turn.ts";
import { type FileLock, tryFileLock } from "./file-lock.ts";
import { generationLockFile } from "./generation-files.ts";
import { pause } from "./pause.ts";
import type { Trouble } from "./persist.ts";
import { type RunEnd, type RunnerObserver, type RunnerParts, run } from "./runner.ts";
import { type FeedingJob, type FromWorker, STOP, type TroubleReport } from "./worker-messages.ts";

/** How soon a projector in waiting notices that the one before it is gone. */
const LOCK_RETRY_MS = 500;

const port = parentPort;
if (port === null) throw new Error("this module is a worker thread's");
const tell = (message: FromWorker) => port.postMessage(message);
const stopping = new AbortController();
port.on("message", (message) => {
  if (message === STOP) stopping.abort();
});
// What the supervisor hands over, which is in this process and of this version.
await feed(workerData as FeedingJob, stopping.signal).finally(() => port.close());

async function feed(job: FeedingJob, signal: AbortSignal): Promise<void> {
  const { place, projection: name, generation } = job;
  const { folder } = place;
  const { projection } = registeredProjection(name);
  const lock = await lockGeneration(generationLockFile(folder, name, generation), signal);
  if (lock === null) return tell({ type: "ended", end: STOPPED });
  const store = await openStore(place, name, generation);
  const { log, codec, close } = await openLogReading(job.log);
  const turn = await joinTurn(job);
  const parts = { projection, store, log, codec, observer: observer() };
  try {
    tell({ type: "ended", end: await feedInTurn(parts, turn, signal) });
  } finally {
    await turn?.leave();
    await store.close();
    await close();
    lock.release();
  }
}

const STOPPED: RunEnd = { reason: "stopped", detail: "" };

/** Where other machines reach the generation, too, one process at a time feeds it. */
async function joinTurn({ log, place, projection, generation }: FeedingJob) {
  const { kafka } = log;
  const isShared = serverOf(registeredProjection(projection), place.servers) !== null;
  if (kafka === null || !isShared) return null;
  tell({ type: "waiting" });
  const { FeedingTurn } = await import("./feeding-turn.ts");
  return FeedingTurn.join({ kafka, projection, generation, logger: createLogger("warn") });
}

async function feedInTurn(
  parts: Omit<RunnerParts, "signal">,
  turn: FeedingTurn | null,
  signal: AbortSignal,
): Promise<RunEnd> {
  for (;;) {
    const held = turn === null ? signal : await turn.next(signal);
    if (held === null) return STOPPED;
    tell({ type: "feeding" });
    const end = await run({ ...parts, signal: held });
    if (turn === null || signal.aborted || end.reason !== "stopped") return end;
    tell({ type: "waiting" });
  }
}

async function lockGeneration(file: string, signal: AbortSignal): Promise<FileLock | null> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const lock = tryFileLock(file);
    if (lock !== null) return lock;
    if (attempt === 0) tell({ type: "waiting" });
    await pause(LOCK_RETRY_MS, signal);
  }
  return null;
}

function observer(): RunnerObserver {
  return {
    onApplied: (applied) => tell({ type: "applied", applied }),
    onProgress: ({ partitions }) => tell({ type: "progress", partitions }),
    onCaughtUp: () => tell({ type: "caught-up" }),
    onTrouble: (partition, trouble) => {
      tell({ type: "trouble", trouble: trouble && reportOf(partition, trouble) });
    },
  };
}

function reportOf(partition: TroubleReport["partition"], trouble: Trouble): TroubleReport {
  const { doing, attempts, nextAttemptInMs } = trouble;
  const error = trouble.error instanceof Error ? trouble.error.message : String(trouble.error);
  return { partition, doing, error, attempts, nextAttemptInMs };
}
