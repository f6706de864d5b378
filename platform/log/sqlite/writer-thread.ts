import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { PlatformError } from "../../errors/catalogue.ts";
import type {
  FromWriter,
  SettledAnswer,
  ToWriter,
  WriteAnswer,
  WriteRequest,
  WriterOptions,
} from "./writer-messages.ts";

/** Requests that may wait for the writer; callers have one under way per partition. */
const WAITING_REQUESTS = 10_000;

interface Waiting {
  readonly resolve: (answer: SettledAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** The writer's thread as seen from the thread that asks it. */
export class WriterThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: string | null = null;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (message: FromWriter) => this.#onMessage(message));
    worker.on("error", (error: Error) => this.#end(`the log's writer failed: ${error.message}`));
    worker.on("exit", () => this.#end("the log is closed"));
  }

  static async start(options: WriterOptions): Promise<WriterThread> {
    const worker = new Worker(workerFile(), { workerData: options, name: "log-writer" });
    const thread = new WriterThread(worker);
    await once(worker, "message");
    return thread;
  }

  /** The writer's answer; rejects when it is unknown whether the request was carried out. */
  write(request: WriteRequest): Promise<SettledAnswer> {
    if (this.#ended !== null) return Promise.reject(unavailable(this.#ended));
    if (this.#waiting.size >= WAITING_REQUESTS) {
      return Promise.reject(unavailable(`${WAITING_REQUESTS} appends wait for the log's writer`));
    }
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, { resolve, reject });
      const { buffer } = request.records.values;
      this.#send({ kind: "write", id: this.#lastId, request }, [buffer as ArrayBuffer]);
    });
  }

  /** Holds for every write that is asked after it. */
  limitPages(maxPageCount: number): void {
    this.#send({ kind: "limitPages", maxPageCount });
  }

  /** Resolves when everything asked before is settled and the file is closed. */
  async close(): Promise<void> {
    if (this.#ended !== null) return;
    const exit = once(this.#worker, "exit");
    this.#ended = "the log is closed";
    this.#send({ kind: "close" });
    await exit;
  }

  #send(message: ToWriter, move: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, move);
  }

  #onMessage(message: FromWriter): void {
    if (message.kind === "open") return;
    for (const [id, answer] of message.answers) this.#settle(id, answer);
  }

  #settle(id: number, answer: WriteAnswer): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    if (answer.outcome === "failed") waiting.reject(unavailable(answer.detail));
    else waiting.resolve(answer);
  }

  #end(reason: string): void {
    this.#ended = reason;
    for (const { reject } of this.#waiting.values()) reject(unavailable(reason));
    this.#waiting.clear();
  }
}

/** The thread's file beside this one: `.ts` as it stands here, `.js` in a published package. */
function workerFile(): URL {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new URL(`./writer-worker.${extension}`, import.meta.url);
}

function unavailable(detail: string): PlatformError {
  return new PlatformError("LOG_UNAVAILABLE", detail);
}
