import {
  BroadcastChannel,
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from "node:worker_threads";
import { endTelemetry, joinTracing } from "../../telemetry/start-tracing.ts";
import { type Span, tracing } from "../../telemetry/tracing.ts";
import { appendedChannel } from "./tables.ts";
import { Writer } from "./writer.ts";
import type {
  FromWriter,
  ToWriter,
  WriteAnswer,
  WriteRequest,
  WriterOptions,
} from "./writer-messages.ts";

/** More waiting requests than this go into the next transaction. */
const REQUESTS_PER_TRANSACTION = 4_096;
/** A transaction takes no further request once its values are this long. */
const BYTES_PER_TRANSACTION = 32 * 1024 * 1024;

/** The thread that writes the log: fsyncs stop nobody but those who wait for them. */
class WriterThread {
  readonly #port: MessagePort;
  readonly #writer: Writer;
  readonly #appended: BroadcastChannel;
  #ids: number[] = [];
  #requests: WriteRequest[] = [];
  #bytes = 0;

  constructor(port: MessagePort, options: WriterOptions) {
    this.#port = port;
    this.#writer = new Writer(options);
    this.#appended = new BroadcastChannel(appendedChannel(options.folder));
    this.#appended.unref();
    port.on("message", (first: ToWriter) => this.#work(first));
    this.#send({ kind: "open" });
  }

  /** Everything that waits now is settled before the thread goes back to waiting. */
  #work(first: ToWriter): void {
    let message: ToWriter | undefined = first;
    while (message !== undefined) {
      this.#take(message);
      message = receiveMessageOnPort(this.#port)?.message as ToWriter | undefined;
    }
    this.#settle();
  }

  #take(message: ToWriter): void {
    switch (message.kind) {
      case "write":
        this.#add(message.id, message.request);
        break;
      case "limitPages":
        this.#settle();
        this.#writer.limitPages(message.maxPageCount);
        break;
      case "close":
        this.#settle();
        this.#close();
    }
  }

  #close(): void {
    this.#writer.close();
    this.#appended.close();
    void endTelemetry().finally(() => this.#port.close());
  }

  #add(id: number, request: WriteRequest): void {
    this.#ids.push(id);
    this.#requests.push(request);
    this.#bytes += request.records.values.length;
    const isFull = this.#ids.length >= REQUESTS_PER_TRANSACTION;
    if (isFull || this.#bytes >= BYTES_PER_TRANSACTION) this.#settle();
  }

  #settle(): void {
    if (this.#requests.length === 0) return;
    const span = beginCommit(this.#requests);
    const answers = this.#writer.settle(this.#requests);
    span?.end();
    const numbered = answers.map((answer, index) => [this.#ids[index] as number, answer] as const);
    this.#ids = [];
    this.#requests = [];
    this.#bytes = 0;
    this.#send({ kind: "answers", answers: numbered });
    if (answers.some(isWritten)) this.#appended.postMessage(null);
  }

  #send(message: FromWriter): void {
    this.#port.postMessage(message);
  }
}

/** One commit for many appends: it belongs to the first that is traced. */
function beginCommit(requests: readonly WriteRequest[]): Span | null {
  const trace = tracing();
  if (trace === null) return null;
  const traceparents = requests.flatMap((one) => (one.kind === "append" ? one.traceparent : null));
  const [parent, ...links] = traceparents.filter((one) => one !== null);
  if (parent === undefined) return null;
  const attributes = { "db.system.name": "sqlite", "db.operation.batch.size": requests.length };
  return trace.begin({ name: "commit log.db", kind: "client", parent, links, attributes });
}

function isWritten({ outcome }: WriteAnswer): boolean {
  return outcome === "appended" || outcome === "claimed";
}

if (parentPort) {
  await joinTracing("log writer");
  new WriterThread(parentPort, workerData as WriterOptions);
}
