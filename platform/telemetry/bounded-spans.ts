import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import { report } from "./thread-reports.ts";

/** Ended spans that wait for the collector, per thread; more are dropped. */
export const WAITING_SPANS = 4_096;
const SPANS_PER_REQUEST = 512;
const SEND_EVERY_MS = 1_000;
/** Of one request with its retries; a stop takes hardly longer. */
export const EXPORT_TIMEOUT_MS = 2_000;

/** Of the library's results. */
const SUCCESS = 0;

/**
 * Sends ended spans in batches, and counts what comes of them. The library's processor drops what
 * its queue cannot hold without a word, and forgets what could not be sent; so the limit is kept
 * here, over what waits and what is under way.
 */
export class BoundedSpans implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  #waiting = 0;

  constructor(exporter: SpanExporter) {
    this.#batches = new BatchSpanProcessor({
      exporter: this.#counting(exporter),
      maxQueueSize: WAITING_SPANS,
      maxExportBatchSize: SPANS_PER_REQUEST,
      scheduledDelayMillis: SEND_EVERY_MS,
      exportTimeoutMillis: EXPORT_TIMEOUT_MS + 1_000,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= WAITING_SPANS) {
      report({ type: "spans", outcome: "dropped", count: 1 });
      return;
    }
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #counting(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, tell) => {
        exporter.export(spans, (result) => {
          this.#waiting -= spans.length;
          const { length: count } = spans;
          const reason = result.error?.message ?? "no reason was given";
          if (result.code === SUCCESS) report({ type: "spans", outcome: "exported", count });
          else report({ type: "spans", outcome: "failed", count, reason });
          tell(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    };
  }
}
