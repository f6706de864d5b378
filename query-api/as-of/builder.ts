import { Worker } from "node:worker_threads";
import {
  PlatformError,
  type PlatformErrorCode,
  platformErrors,
} from "../../platform/errors/catalogue.ts";
import type { Cut } from "./cut.ts";
import type { Asked, BuildTask, CutTask, PastThread, Task, Told } from "./messages.ts";

/** Builds that go on at once; more would only take turns. */
const BUILDS_AT_ONCE = 2;
/** Builds that wait for their turn; more are refused. */
const WAITING_BUILDS = 32;

interface Pending {
  readonly resolve: (told: Told) => void;
  readonly reject: (error: unknown) => void;
  readonly onRecords: (applied: number) => void;
}

/** Has cuts found and generations built in a thread of its own, which begins with the first. */
export class PastBuilder {
  readonly #thread: PastThread;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting: (() => void)[] = [];
  #building = 0;
  #worker: Worker | null = null;
  #lastId = 0;

  constructor(thread: PastThread) {
    this.#thread = thread;
  }

  async cut(task: Omit<CutTask, "type">): Promise<Cut> {
    const told = await this.#ask({ type: "cut", ...task }, () => undefined);
    if (told.type !== "cut") throw new Error(`a cut was asked for, not "${told.type}"`);
    return told.cut;
  }

  /** `onRecords`: how many records stand in the generation so far. */
  async build(task: Omit<BuildTask, "type">, onRecords: (applied: number) => void): Promise<void> {
    await this.#turn();
    try {
      await this.#ask({ type: "build", ...task }, onRecords);
    } finally {
      this.#handOver();
    }
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  async #turn(): Promise<void> {
    if (this.#building < BUILDS_AT_ONCE) {
      this.#building += 1;
      return;
    }
    if (this.#waiting.length >= WAITING_BUILDS) throw tooMany();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The turn goes from hand to hand: whoever comes in between finds it taken. */
  #handOver(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#building -= 1;
    else next();
  }

  #ask(task: Task, onRecords: Pending["onRecords"]): Promise<Told> {
    this.#lastId += 1;
    const asked: Asked = { id: this.#lastId, task };
    return new Promise((resolve, reject) => {
      this.#pending.set(asked.id, { resolve, reject, onRecords });
      this.#started().postMessage(asked);
    });
  }

  #started(): Worker {
    if (this.#worker !== null) return this.#worker;
    const file = new URL("./thread.ts", import.meta.url);
    const worker = new Worker(file, { workerData: this.#thread, name: "as-of" });
    let cause: unknown = new Error("the thread that builds read models of the past has ended");
    worker.on("message", (told: Told) => this.#hear(told));
    worker.on("error", (error) => {
      cause = error;
    });
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = null;
      for (const { reject } of this.#pending.values()) reject(cause);
      this.#pending.clear();
    });
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #hear(told: Told): void {
    const pending = this.#pending.get(told.id);
    if (told.type === "records") {
      pending?.onRecords(told.applied);
      return;
    }
    this.#pending.delete(told.id);
    if (told.type === "failed") pending?.reject(errorOf(told.code, told.detail));
    else pending?.resolve(told);
  }
}

function errorOf(code: string, detail: string): Error {
  const isKnown = (text: string): text is PlatformErrorCode => text in platformErrors;
  return isKnown(code) && code !== "INTERNAL" ? new PlatformError(code, detail) : new Error(detail);
}

function tooMany(): PlatformError {
  return new PlatformError("OVERLOADED", `${WAITING_BUILDS} read models of the past wait`);
}
