/** What an error of a call to Kafka says about the records it carried. */
export type Verdict =
  /** Another producer of the same transactional id has begun since; nothing was written. */
  | "fenced"
  /** The broker will never take these records; nothing was written. */
  | "rejected"
  /** Nothing is known; the producer is not used again. */
  | "unknown";

const FENCED = new Set(["INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED"]);
const REJECTED = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
]);
/** Cured by looking at the cluster again, or by waiting. */
const PASSING = new Set([
  "NOT_LEADER_FOR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "REPLICA_NOT_AVAILABLE",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "KAFKA_STORAGE_ERROR",
  "OFFSET_NOT_AVAILABLE",
  "NOT_COORDINATOR_FOR_GROUP",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "CONCURRENT_TRANSACTIONS",
  "NETWORK_EXCEPTION",
  "REQUEST_TIMED_OUT",
]);
const CONNECTION = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSBrokerNotFound",
  "KafkaJSRequestTimeoutError",
  "KafkaJSGroupCoordinatorNotFound",
  "KafkaJSNumberOfRetriesExceeded",
]);

export function verdictOf(error: unknown): Verdict {
  const type = typeOf(error);
  if (FENCED.has(type)) return "fenced";
  return REJECTED.has(type) ? "rejected" : "unknown";
}

/** True where the same question to a cluster that was looked at again may well be answered. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return PASSING.has(typeOf(error)) || CONNECTION.has(error.name);
}

export function isOutOfRange(error: unknown): boolean {
  return typeOf(error) === "OFFSET_OUT_OF_RANGE";
}

/** The protocol's name of an error; empty for others. */
export function typeOf(error: unknown): string {
  return error instanceof Error && "type" in error ? String(error.type) : "";
}
