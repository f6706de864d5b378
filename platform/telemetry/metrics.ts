import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/**
 * Every metric of the platform, in one place: base units, `_total` for counters, and no ids as
 * labels, so that the number of series does not grow with the data.
 */
export const metricsRegistry = new Registry();

const registers = [metricsRegistry];

/** From a group commit on a good disk to a command that waits for a dying one. */
const DURATION_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const BATCH_BUCKETS_EVENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

export const commandsTotal = new Counter({
  name: "commands_total",
  help: "Commands by their outcome: accepted, repeated, refused, or the error's code.",
  labelNames: ["context", "type", "outcome"] as const,
  registers,
});

export const commandDurationSeconds = new Histogram({
  name: "command_duration_seconds",
  help: "From the command's arrival at its owner to its answer.",
  labelNames: ["context"] as const,
  buckets: DURATION_BUCKETS_SECONDS,
  registers,
});

export const commandsForwardedTotal = new Counter({
  name: "commands_forwarded_total",
  help: "Commands that another command side, the owner of their partition, has answered.",
  labelNames: ["topic"] as const,
  registers,
});

export const partitionsOwned = new Gauge({
  name: "partitions_owned",
  help: "Partitions whose commands this process decides.",
  labelNames: ["topic"] as const,
  registers,
});

export const commandsWaiting = new Gauge({
  name: "commands_waiting",
  help: "Commands that wait for the append before them.",
  labelNames: ["topic", "partition"] as const,
  registers,
});

export const commandWindowAgeSeconds = new Gauge({
  name: "command_window_age_seconds",
  help: "Age of the oldest command id that a partition remembers.",
  labelNames: ["topic", "partition"] as const,
  registers,
});

export const logAppendBatchEvents = new Histogram({
  name: "log_append_batch_events",
  help: "Events of one append of a partition (group commit).",
  labelNames: ["topic"] as const,
  buckets: BATCH_BUCKETS_EVENTS,
  registers,
});

export const logAppendDurationSeconds = new Histogram({
  name: "log_append_duration_seconds",
  help: "From handing a batch to the log to its acknowledgement.",
  labelNames: ["topic"] as const,
  buckets: DURATION_BUCKETS_SECONDS,
  registers,
});

export const logVoidEventsTotal = new Counter({
  name: "log_void_events_total",
  help: "Records that a reader skipped: written by an owner whose reign had ended.",
  labelNames: ["topic"] as const,
  registers,
});

export const partitionFoldDurationSeconds = new Histogram({
  name: "partition_fold_duration_seconds",
  help: "Folding a partition when it is taken: its snapshot and what the log has after it.",
  labelNames: ["topic"] as const,
  buckets: [...DURATION_BUCKETS_SECONDS, 30, 60],
  registers,
});

export const snapshotGapEvents = new Gauge({
  name: "snapshot_gap_events",
  help: "Positions of a partition after its newest snapshot: what a start would read.",
  labelNames: ["topic", "partition"] as const,
  registers,
});

export const snapshotWriteDurationSeconds = new Histogram({
  name: "snapshot_write_duration_seconds",
  help: "Writing one snapshot of a partition, between the batches of commands.",
  labelNames: ["topic"] as const,
  buckets: [...DURATION_BUCKETS_SECONDS, 30, 60],
  registers,
});

export const snapshotsTotal = new Counter({
  name: "snapshots_total",
  help: "Snapshots of partitions: written, not written, or unusable when they were loaded.",
  labelNames: ["outcome"] as const,
  registers,
});

export const ticksTotal = new Counter({
  name: "ticks_total",
  help: "Ticks by outcome: accepted, duplicate, beyond_horizon, rejected, quarantined.",
  labelNames: ["outcome"] as const,
  registers,
});

export const projectionEventsTotal = new Counter({
  name: "projection_events_total",
  help: "Events that a projection has applied.",
  labelNames: ["projection"] as const,
  registers,
});

export const projectionGapEvents = new Gauge({
  name: "projection_gap_events",
  help: "Events in the log that the live generation lacks, of the partitions that this process feeds.",
  labelNames: ["projection"] as const,
  registers,
});

export const projectionLagSeconds = new Gauge({
  name: "projection_lag_seconds",
  help: "Age of the oldest event that the live generation lacks, of what this process feeds; 0 at the end.",
  labelNames: ["projection"] as const,
  registers,
});

export const projectionParkedStreams = new Gauge({
  name: "projection_parked_streams",
  help: "Streams set aside because an event could not be applied, of what this process feeds.",
  labelNames: ["projection"] as const,
  registers,
});

export const projectionPartitionsFed = new Gauge({
  name: "projection_partitions_fed",
  help: "Partitions that this process feeds into the live generation; 0: other processes have them.",
  labelNames: ["projection"] as const,
  registers,
});

export const projectionApplyDurationSeconds = new Histogram({
  name: "projection_apply_duration_seconds",
  help: "Writing one batch and its checkpoint to the read store.",
  labelNames: ["projection"] as const,
  buckets: DURATION_BUCKETS_SECONDS,
  registers,
});

export const processManagerOutboxCommands = new Gauge({
  name: "process_manager_outbox_commands",
  help: "Commands that a process manager has planned and that have no final answer yet.",
  labelNames: ["manager"] as const,
  registers,
});

export const processManagerGapEvents = new Gauge({
  name: "process_manager_gap_events",
  help: "Events in the log that a process manager has not taken in.",
  labelNames: ["manager"] as const,
  registers,
});

export const visibilityDurationSeconds = new Histogram({
  name: "visibility_duration_seconds",
  help: "From an event's acknowledgement to its being readable.",
  labelNames: ["projection"] as const,
  buckets: DURATION_BUCKETS_SECONDS,
  registers,
});

export const httpRequestDurationSeconds = new Histogram({
  name: "http_request_duration_seconds",
  help: "From a request's head to the end of its answer, by route template.",
  labelNames: ["route", "method", "status"] as const,
  buckets: DURATION_BUCKETS_SECONDS,
  registers,
});

export const streamSubscribers = new Gauge({
  name: "stream_subscribers",
  help: "Open server-sent event streams.",
  registers,
});

export const clientRequestsTotal = new Counter({
  name: "client_requests_total",
  help: "Requests to a store or to Kafka by their outcome: ok, or what the store or the error says.",
  labelNames: ["server", "operation", "outcome"] as const,
  registers,
});

export const clientRequestDurationSeconds = new Histogram({
  name: "client_request_duration_seconds",
  help: "From asking a store or Kafka to its answer.",
  labelNames: ["server", "operation"] as const,
  buckets: DURATION_BUCKETS_SECONDS,
  registers,
});

export const clientConnections = new Gauge({
  name: "client_connections",
  help: "Connections to a server that are busy or idle, and who is waiting for one.",
  labelNames: ["server", "state"] as const,
  registers,
});

export const rateLimitShared = new Gauge({
  name: "rate_limit_shared",
  help: "1: requests are counted in Redis, together with other processes; 0: in this one alone.",
  registers,
});

export const rateLimitRequestsTotal = new Counter({
  name: "rate_limit_requests_total",
  help: "Counted requests: within or beyond the share of their key or address.",
  labelNames: ["outcome"] as const,
  registers,
});

export const traceSpansTotal = new Counter({
  name: "trace_spans_total",
  help: "Ended spans: exported; failed, for the collector did not take them; dropped by a full queue.",
  labelNames: ["outcome"] as const,
  registers,
});

/** Adds the process's own figures (memory, event loop, file handles); harmless when repeated. */
export function collectProcessMetrics(): void {
  if (metricsRegistry.getSingleMetric("process_cpu_seconds_total") !== undefined) return;
  collectDefaultMetrics({ register: metricsRegistry });
}

/** The text of `/metrics` and its content type. */
export async function metricsText(): Promise<{ contentType: string; text: string }> {
  return { contentType: metricsRegistry.contentType, text: await metricsRegistry.metrics() };
}
