/**
 * The thread that feeds one generation of one projection. The log is chosen in
 * `platform/log/places.ts`, the read store in `stores.ts`.
 */
import { parentPort, workerData } from "node:worker_threads";
import { openLogReading } from "../../platform/log/places.ts";
import { whenThere } from "../../platform/log/when-there.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { endTelemetry, joinTracing } from "../../platform/telemetry/start-tracing.ts";
import type { GenerationVerificationProgressed as ComparisonProgress } from "../../schemas/generated/operations.ts";
import { registeredProjection } from "../registry.ts";
import { openStore, serverOf } from "../stores.ts";
import {
  type VerificationParts,
  type VerificationReport,
  type VerificationTask,
  verifyGeneration,
} from "../verification/verify-generation.ts";
import { type FileLock, tryFileLock } from "./file-lock.ts";
import { Gates } from "./gate.ts";
import { generationLockFile } from "./generation-files.ts";
import { LiveWatch, type LiveWatchParts } from "./live-watch.ts";
import { Pace } from "./pace.ts";
import { Parking } from "./parking.ts";
import { pause } from "./pause.ts";
import type { Trouble } from "./persist.ts";
import { type RunEnd, type RunnerObserver, run } from "./runner.ts";
import type { FeedingJob, FromWorker, ToWorker, TroubleReport } from "./worker-messages.ts";

/** How soon a projector in waiting notices that the one before it is gone. */
const LOCK_RETRY_MS = 500;

const port = parentPort;
if (port === null) throw new Error("this module is a worker thread's");
const tell = (message: FromWorker) => port.postMessage(message);
const stopping = new AbortController();
// What the supervisor hands over, which is in this process and of this version.
const job = workerData as FeedingJob;
const parking = new Parking(job.orders);
port.on("message", (message: ToWorker) => {
  if (message.type === "stop") stopping.abort();
  if (message.type === "orders") parking.give(message.orders);
});
await joinTracing(`${job.projection} generation ${job.generation}`);
await feed(job, stopping.signal).finally(async () => {
  await endTelemetry();
  port.close();
});

async function feed(job: FeedingJob, signal: AbortSignal): Promise<void> {
  const share = await shareOf(job);
  const lock = share === null ? await lockGeneration(job, signal) : null;
  if (share === null && lock === null) return tell({ type: "ended", end: STOPPED });
  const { projection } = registeredProjection(job.projection);
  const store = await openStore(job.place, job.projection, job.generation);
  const { log, codec, close } = await openLog(job, signal);
  const [gates, pace] = [new Gates(), new Pace()];
  const feeding = { projection, store, log, codec, share, gates, pace, parking };
  const parts = { ...feeding, isBuild: job.isBuild, observer: observer(), signal };
  const onProgress = (progress: ComparisonProgress) => tell({ type: "compared", progress });
  const verifying = verifyWhenTold({ ...job, gates, pace, codec, signal, onProgress });
  const minding = mindWhenTold({ ...job, log, pace, signal });
  try {
    tell({ type: "ended", end: await run(parts) });
  } finally {
    stopping.abort();
    await verifying.ended();
    await minding.ended();
    await share?.leave();
    await store.close();
    await close();
    lock?.release();
  }
}

async function openLog({ log }: FeedingJob, signal: AbortSignal) {
  let attempts = 0;
  const onAway = (error: string, nextAttemptInMs: number) => {
    attempts += 1;
    const trouble = { doing: "open the log", error, attempts, nextAttemptInMs };
    tell({ type: "trouble", partition: null, trouble });
  };
  const opened = await whenThere(log, { signal, onAway }, () => openLogReading(log));
  if (attempts > 0) tell({ type: "trouble", partition: null, trouble: null });
  return opened;
}

const STOPPED: RunEnd = { reason: "stopped", detail: "" };

/**
 * A generation on a server is reached from several machines, and who reaches it shares it by
 * Kafka; `null`: one process at a time feeds it, which is settled in the data folder.
 */
async function shareOf({ log, place, projection: name, generation }: FeedingJob) {
  const { kafka } = log;
  const registered = registeredProjection(name);
  if (kafka === null || serverOf(registered, place.servers) === null) return null;
  const { topics } = registered.projection;
  const { GroupShare } = await import("./group-share.ts");
  const parts = { kafka, projection: name, generation, topics, logger: createLogger("warn") };
  return new GroupShare(parts);
}

/** In this thread, whose partitions can be held; feeding has its turns in between. */
function verifyWhenTold(parts: VerificationParts): { ended(): Promise<unknown> } {
  let verifying: Promise<void> = Promise.resolve();
  port?.on("message", (message: ToWorker) => {
    if (message.type === "verify") verifying = verifying.then(() => verify(message.task, parts));
  });
  return { ended: () => verifying };
}

/** Beside feeding and comparing, both of which it slows. */
function mindWhenTold(parts: Omit<LiveWatchParts, "onSlowed">): { ended(): Promise<unknown> } {
  const watch = new LiveWatch({ ...parts, onSlowed: (slowed) => tell({ type: "slowed", slowed }) });
  port?.on("message", (message: ToWorker) => {
    if (message.type === "mind") watch.mind(message.minded);
  });
  const watching = watch.run();
  return { ended: () => watching };
}

async function verify(task: VerificationTask, parts: VerificationParts): Promise<void> {
  const report = await verifyGeneration(task, parts).catch((error: unknown): VerificationReport => {
    return { outcome: "unsettled", detail: error instanceof Error ? error.message : String(error) };
  });
  const { against } = task;
  if (!parts.signal.aborted) tell({ type: "verification", against, report });
}

async function lockGeneration(job: FeedingJob, signal: AbortSignal): Promise<FileLock | null> {
  const file = generationLockFile(job.place.folder, job.projection, job.generation);
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
    onFed: (partitions) => tell({ type: partitions === 0 ? "waiting" : "feeding" }),
    onApplied: (applied) => tell({ type: "applied", applied }),
    onProgress: ({ partitions }) => tell({ type: "progress", partitions }),
    onCaughtUp: () => tell({ type: "caught-up" }),
    onTrouble: (partition, trouble) => {
      tell({ type: "trouble", partition, trouble: trouble && reportOf(trouble) });
    },
  };
}

function reportOf({ doing, error: thrown, attempts, nextAttemptInMs }: Trouble): TroubleReport {
  const error = thrown instanceof Error ? thrown.message : String(thrown);
  return { doing, error, attempts, nextAttemptInMs };
}
