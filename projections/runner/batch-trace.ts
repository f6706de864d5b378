import type { PartitionRef } from "../../platform/log/log.ts";
import { isSampled, type Span, tracing } from "../../platform/telemetry/tracing.ts";
import type { Step } from "./steps.ts";

/** Of so many events of a batch spans are made; what comes beyond is in the batch's alone. */
const TRACED_EVENTS = 64;
/** An older event is being replayed: who traced it has looked long ago. */
const TRACED_WITHIN_MS = 60_000;

interface ProjectedBatch {
  readonly projection: string;
  readonly partition: PartitionRef;
  readonly steps: readonly Step[];
}

/**
 * Writes a batch within spans of its traced events. They are written together: what the store does
 * belongs to the first, and the others are linked to that.
 */
export async function inBatchTrace<T>(batch: ProjectedBatch, write: () => Promise<T>): Promise<T> {
  const trace = tracing();
  if (trace === null) return write();
  const traced = batch.steps.filter(isTraced).slice(0, TRACED_EVENTS);
  const spans = traced.map((step) => trace.begin(startOf(step, batch)));
  const [first, ...others] = spans;
  if (first === undefined) return write();
  for (const other of others) other.link(first.traceparent);
  try {
    const result = await trace.within(first, write);
    endAll(spans);
    return result;
  } catch (error) {
    endAll(spans, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function isTraced({ kind, traceparent, recordedAtMs }: Step): boolean {
  return kind === "event" && isSampled(traceparent) && Date.now() - recordedAtMs < TRACED_WITHIN_MS;
}

function startOf(step: Step, { projection, partition, steps }: ProjectedBatch) {
  return {
    name: `process ${projection}`,
    kind: "consumer",
    parent: step.traceparent,
    attributes: {
      "messaging.operation.type": "process",
      "messaging.destination.name": partition.topic,
      "messaging.destination.partition.id": String(partition.partition),
      "messaging.batch.message_count": steps.length,
      "cipherhorizon.projection": projection,
      "cipherhorizon.position": step.position,
      "cipherhorizon.aggregate.id": step.stream,
    },
  } as const;
}

function endAll(spans: readonly Span[], failure?: string): void {
  for (const span of spans) span.end(failure);
}
