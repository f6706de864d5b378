/**
 * Spans, as the platform's code makes them; where they go is `otlp-tracing.ts`, which is loaded
 * only where a collector is configured. Without one `tracing()` is null, and nothing else happens.
 */

type SpanKind = "server" | "client" | "producer" | "consumer" | "internal";
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  /** A traceparent; left out: the span that is active here; `null`: a new trace begins. */
  readonly parent?: string | null;
  /** Traceparents of the other spans for which this one works, too. */
  readonly links?: readonly string[];
  readonly attributes?: SpanAttributes;
}

export interface Span {
  /** By which what follows is joined to it, in this process and in others. */
  readonly traceparent: string;
  set(attributes: SpanAttributes): void;
  link(traceparent: string): void;
  /** `failure`: why what it stands for did not succeed. */
  end(failure?: string): void;
}

export interface Tracing {
  begin(start: SpanStart): Span;
  /** Runs the work with the span as the active one, across its awaits. */
  within<T>(span: Span, work: () => T): T;
  /** The traceparent of the active span; `null` where there is none that is recorded. */
  active(): string | null;
  /** Sends what is waiting, and takes no more; never longer than its time-out, and never fails. */
  stop(): Promise<void>;
}

let current: Tracing | null = null;

/** This thread's; `null`: nothing is traced. */
export function tracing(): Tracing | null {
  return current;
}

export function setTracing(to: Tracing | null): void {
  current = to;
}

/**
 * Runs the work in a span; in none (`null`) where nothing is traced, or where the parent is not
 * recorded.
 */
export async function inSpan<T>(
  start: SpanStart,
  work: (span: Span | null) => Promise<T>,
): Promise<T> {
  const trace = tracing();
  if (trace === null || !isWanted(start, trace)) return work(null);
  const span = trace.begin(start);
  try {
    const result = await trace.within(span, () => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function isWanted({ parent }: SpanStart, trace: Tracing): boolean {
  if (parent === undefined) return trace.active() !== null;
  return parent === null || isSampled(parent);
}

const FLAGS_AT = "00-".length + 32 + "-".length + 16 + "-".length;

/** Whether who began the trace wants it recorded: the lowest bit of `00-…-…-01`. */
export function isSampled(traceparent: string | null): traceparent is string {
  return traceparent !== null && (Number.parseInt(traceparent.slice(FLAGS_AT), 16) & 1) === 1;
}
