import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

const LOOK_EVERY_MS = 50;
/** OpenTelemetry's numbers of kinds. */
const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const ERROR = 2;

export interface CollectedSpan {
  readonly service: string;
  readonly thread: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** Span ids. */
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** An OpenTelemetry collector, as far as it takes spans by OTLP/HTTP in JSON. */
export class Collector {
  readonly #server: Server;
  readonly spans: CollectedSpan[] = [];
  /** Of requests that it could not read. */
  readonly faults: string[] = [];
  requests = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#take(request).then(
        () => response.setHeader("Content-Type", "application/json").end("{}"),
        (error: Error) => {
          this.faults.push(error.message);
          response.writeHead(400).end();
        },
      );
    });
  }

  static async start(port = 0): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(port, "127.0.0.1");
    await once(collector.#server, "listening");
    return collector;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The spans of a trace, once they are as wanted. */
  async trace(
    traceId: string,
    { isWhole, withinMs }: { isWhole: (spans: Trace) => boolean; withinMs: number },
  ): Promise<Trace> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const trace = new Trace(this.spans.filter((span) => span.traceId === traceId));
      if (isWhole(trace)) return trace;
      if (performance.now() > deadline) throw new Error(`not whole in time:\n${trace}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #take(request: IncomingMessage): Promise<void> {
    this.requests += 1;
    const { method, url, headers } = request;
    if (method !== "POST" || url !== "/v1/traces") throw new Error(`${method} ${url}`);
    if (headers["content-type"] !== "application/json") throw new Error("it is no JSON");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const text = headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
    this.spans.push(...spansOf(JSON.parse(text.toString()) as Exported));
  }
}

/** Spans of one trace. */
export class Trace {
  readonly spans: readonly CollectedSpan[];

  constructor(spans: readonly CollectedSpan[]) {
    this.spans = spans;
  }

  has(...names: readonly string[]): boolean {
    return names.every((name) => this.spans.some((span) => span.name === name));
  }

  all(name: string): readonly CollectedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** The only one with the name. */
  the(name: string): CollectedSpan {
    const [span, ...more] = this.all(name);
    if (span === undefined || more.length > 0) throw new Error(`${name} is not one:\n${this}`);
    return span;
  }

  toString(): string {
    return this.spans
      .map((one) => `${one.service} ${one.name} ${one.spanId} under ${one.parentSpanId}`)
      .join("\n");
  }
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[];
  }[];
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface ExportedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly links: readonly { readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

function spansOf({ resourceSpans }: Exported): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const process = valuesOf(resource.attributes);
    const service = String(process["service.name"]);
    const thread = String(process["thread.name"]);
    return scopeSpans.flatMap(({ spans }) => {
      return spans.map((span) => ({
        ...{ service, thread, name: span.name, traceId: span.traceId, spanId: span.spanId },
        kind: KINDS[span.kind] ?? "unknown",
        parentSpanId: span.parentSpanId ?? "",
        links: span.links.map(({ spanId }) => spanId),
        attributes: valuesOf(span.attributes),
        failed: span.status?.code === ERROR,
        startNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
      }));
    });
  });
}

function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
