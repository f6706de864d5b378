import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Context,
  SpanKind as Kind,
  type Span as OpenTelemetrySpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { BoundedSpans, EXPORT_TIMEOUT_MS } from "./bounded-spans.ts";
import {
  isSampled,
  type Span,
  type SpanAttributes,
  type SpanStart,
  type Tracing,
} from "./tracing.ts";

export interface OtlpTracingParts {
  /** The collector's address, to which `/v1/traces` is added. */
  readonly url: string;
  /** Which part of the traces that begin here is recorded, 0 to 1. */
  readonly ratio: number;
  /** What the process and the thread are. */
  readonly resource: SpanAttributes;
}

const KINDS = {
  server: Kind.SERVER,
  client: Kind.CLIENT,
  producer: Kind.PRODUCER,
  consumer: Kind.CONSUMER,
  internal: Kind.INTERNAL,
} as const satisfies Record<SpanStart["kind"], Kind>;

/**
 * OpenTelemetry's spans, sent to a collector in batches. What another process has begun is recorded
 * if that one records it. Nothing of OpenTelemetry's is global: each thread has its own.
 */
export class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  /** Traceparents. */
  readonly #active = new AsyncLocalStorage<string>();

  constructor({ url, ratio, resource }: OtlpTracingParts) {
    const address = `${url.replace(/\/$/, "")}/v1/traces`;
    const exporter = new OTLPTraceExporter({ url: address, timeoutMillis: EXPORT_TIMEOUT_MS });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes(resource),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
      spanProcessors: [new BoundedSpans(exporter)],
    });
    this.#tracer = this.#provider.getTracer("cipherhorizon");
  }

  begin({ name, kind, parent, links = [], attributes = {} }: SpanStart): Span {
    const linked = links.map((traceparent) => ({ context: spanContextOf(traceparent) }));
    const options = { kind: KINDS[kind], attributes: { ...attributes }, links: linked };
    return new StartedSpan(this.#tracer.startSpan(name, options, this.#contextOf(parent)));
  }

  within<T>(span: Span, work: () => T): T {
    return this.#active.run(span.traceparent, work);
  }

  active(): string | null {
    const traceparent = this.#active.getStore() ?? null;
    return isSampled(traceparent) ? traceparent : null;
  }

  async stop(): Promise<void> {
    // What could not be sent was counted where it failed.
    await this.#provider.shutdown().catch(() => undefined);
  }

  #contextOf(parent: string | null = this.#active.getStore() ?? null): Context {
    if (parent === null) return ROOT_CONTEXT;
    return trace.setSpanContext(ROOT_CONTEXT, { ...spanContextOf(parent), isRemote: true });
  }
}

class StartedSpan implements Span {
  readonly traceparent: string;
  readonly #span: OpenTelemetrySpan;

  constructor(span: OpenTelemetrySpan) {
    this.#span = span;
    this.traceparent = traceparentOf(span.spanContext());
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes({ ...attributes });
  }

  link(traceparent: string): void {
    this.#span.addLink({ context: spanContextOf(traceparent) });
  }

  end(failure?: string): void {
    if (failure !== undefined) {
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    }
    this.#span.end();
  }
}

/** `00-<trace id>-<span id>-<flags>`, read by place: what comes here was checked at the edge. */
function spanContextOf(traceparent: string): SpanContext {
  const [, traceId = "", spanId = ""] = traceparent.split("-");
  return { traceId, spanId, traceFlags: isSampled(traceparent) ? TraceFlags.SAMPLED : 0 };
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags === TraceFlags.SAMPLED ? "01" : "00"}`;
}
