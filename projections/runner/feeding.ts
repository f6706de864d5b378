import { once } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { Worker } from "node:worker_threads";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { GenerationVerificationProgressed } from "../../schemas/generated/operations.ts";
import type { VerificationReport, VerificationTask } from "../verification/verify-generation.ts";
import type { Minded, Slowed } from "./live-watch.ts";
import type { ParkingOrders } from "./parking.ts";
import type { Applied } from "./partition-feeder.ts";
import type { PartitionProgress } from "./progress.ts";
import type { RunEnd } from "./runner.ts";
import { Troubles } from "./troubles.ts";
import type { FeedingJob, FromWorker, ToWorker, TroubleReport } from "./worker-messages.ts";

/** A worker that has not ended by then is ended: its open transaction is undone, not lost. */
const STOP_DEADLINE_MS = 5_000;

/**
 * `waiting`: other processes feed the generation, and this one would go on. `paused`: a systemic error is being waited out.
 * `stopped`: it came to an end by itself, for the reason given.
 */
export type FeedingState = "starting" | "waiting" | "feeding" | "paused" | "stopped";

export interface FeedingListener {
  onApplied(applied: Applied): void;
  onCaughtUp(): void;
  onTrouble(partition: PartitionKey | null, trouble: TroubleReport): void;
  /** That it is slowed, when that has changed. */
  onSlowed(slowed: Slowed | null): void;
  /** How far a comparison has come that takes long. */
  onCompared(progress: GenerationVerificationProgressed): void;
  onVerification(against: number, report: VerificationReport): void;
  onEnded(end: RunEnd): void;
}

/** A generation being fed by a worker thread of this process. */
export class Feeding {
  readonly job: FeedingJob;
  readonly #worker: Worker;
  readonly #listener: FeedingListener;
  readonly #exited: Promise<unknown>;
  #orders: ParkingOrders;
  #end: RunEnd | null = null;
  #stopped: Promise<void> | null = null;
  #gone = false;
  /** What it does while nothing keeps it from that. */
  #turn: "starting" | "waiting" | "feeding" = "starting";
  state: FeedingState = "starting";
  partitions: readonly PartitionProgress[] = [];
  /** When its thread told last how far these are. */
  toldAtMs = performance.now();
  readonly troubles = new Troubles<TroubleReport>();
  caughtUp = false;
  /** It is being compared with another. */
  isVerifying = false;
  /** By a live generation that lags. */
  slowed: Slowed | null = null;
  #minded = "null";

  constructor(job: FeedingJob, listener: FeedingListener) {
    this.job = job;
    this.#listener = listener;
    this.#orders = job.orders;
    const file = new URL("./worker.ts", import.meta.url);
    this.#worker = new Worker(file, { workerData: job, name: job.projection });
    this.#worker.on("message", (message: FromWorker) => this.#hear(message));
    this.#worker.on("error", (error) => {
      const detail = error instanceof Error ? error.message : String(error);
      this.#finish({ reason: "failed", detail });
    });
    this.#worker.once("exit", () => {
      this.#gone = true;
    });
    this.#exited = once(this.#worker, "exit").then(() => {
      this.#finish({ reason: "failed", detail: "the thread ended without a word" });
    });
    // Without it `once` would turn an error of the worker into an unhandled rejection.
    this.#exited.catch(() => undefined);
  }

  /** Why it came to an end; `null` while it has not. */
  get end(): RunEnd | null {
    return this.#end;
  }

  /** Its thread has ended and its lock is free. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Compares it with the live one, once; the listener is told of the outcome. */
  verify(task: VerificationTask): void {
    if (this.isVerifying || this.#end !== null) return;
    this.isVerifying = true;
    this.#tell({ type: "verify", task });
  }

  /** What to do about parked streams from now on; one that has ended does not hear it. */
  order(orders: ParkingOrders): void {
    if (this.#end !== null || this.follows(orders)) return;
    this.#orders = orders;
    this.#tell({ type: "orders", orders });
  }

  /** It was told these. */
  follows(orders: ParkingOrders): boolean {
    return isDeepStrictEqual(orders, this.#orders);
  }

  /** What it must not slow down from now on; `null`: nothing. */
  mind(minded: Minded | null): void {
    const told = JSON.stringify(minded);
    if (told === this.#minded || this.#end !== null) return;
    this.#minded = told;
    this.#tell({ type: "mind", minded });
  }

  /** Finishes the batch under way; resolves when the thread is gone and its lock free. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#tell({ type: "stop" });
    const deadline = setTimeout(() => {
      this.#finish({ reason: "stopped", detail: `by force, after ${STOP_DEADLINE_MS} ms` });
      void this.#worker.terminate();
    }, STOP_DEADLINE_MS);
    await this.#exited.catch(() => undefined);
    clearTimeout(deadline);
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case "waiting":
      case "feeding":
        this.#turn = message.type;
        this.#setState();
        return;
      case "applied":
        this.#listener.onApplied(message.applied);
        return;
      case "progress":
        this.partitions = message.partitions;
        this.toldAtMs = performance.now();
        return;
      case "caught-up":
        this.caughtUp = true;
        this.#listener.onCaughtUp();
        return;
      case "trouble":
        this.troubles.told(message.partition, message.trouble);
        this.#setState();
        if (message.trouble) this.#listener.onTrouble(message.partition, message.trouble);
        return;
      case "slowed": {
        const isNews =
          this.slowed?.isFed !== message.slowed?.isFed ||
          this.slowed?.isHelped !== message.slowed?.isHelped;
        this.slowed = message.slowed;
        if (isNews) this.#listener.onSlowed(message.slowed);
        return;
      }
      case "compared":
        this.#listener.onCompared(message.progress);
        return;
      case "verification":
        this.isVerifying = false;
        this.#listener.onVerification(message.against, message.report);
        return;
      case "ended":
        this.#finish(message.end);
        return;
    }
  }

  #setState(): void {
    this.state = this.troubles.longest === null ? this.#turn : "paused";
  }

  #finish(end: RunEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.state = "stopped";
    this.#listener.onEnded(end);
  }
}
