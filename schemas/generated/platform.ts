// Generated from the Avro schemas by `cipherhorizon schemas generate`. Do not edit.
/** First record of every events partition: the identity of the log. */
export interface LogCreated {
  /** Uuid of the log; the newest LogCreated of a partition counts. */
  readonly logId: string;
}

/** The beginning of a reign; its position is the reign's epoch. */
export interface PartitionClaimed {
  /** The process that claims: host, pid and start time. */
  readonly owner: string;
}

/** Every event of the context. */
export type PlatformEvent =
  | { readonly type: "LogCreated"; readonly data: LogCreated; readonly occurredAtMs: number }
  | { readonly type: "PartitionClaimed"; readonly data: PartitionClaimed; readonly occurredAtMs: number };
