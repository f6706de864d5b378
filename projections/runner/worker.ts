/**
 * The thread that feeds one generation of one projection. The log is chosen in
 * `platform/log/places.ts`, the read store in `stores.ts`.
 */
import { parentPort, workerData } from "node:worker_threads";
import { openLogReading } from "../../platform/log/places.ts";
import { registeredProjection } from "../registry.ts";
import { openStore } from "../stores.ts";
import { type FileLock, tryFileLock } from "./file-lock.ts";
import { generationLockFile } from "./generation-files.ts";
import { pause } from "./pause.ts";
import type { Trouble } from "./persist.ts";
import { type RunnerObserver, run } from "./runner.ts";
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
  if (lock === null) return tell({ type: "ended", end: { reason: "stopped", detail: "" } });
  tell({ type: "feeding" });
  const store = openStore(place, name, generation);
  const { log, codec, close } = await openLogReading(job.log);
  try {
    const end = await run({ projection, store, log, codec, observer: observer(), signal });
    tell({ type: "ended", end });
  } finally {
    await store.close();
    await close();
    lock.release();
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
