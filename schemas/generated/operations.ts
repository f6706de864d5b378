// Generated from the Avro schemas by `cipherhorizon schemas generate`. Do not edit.
/** A build was given up before promotion. */
export interface GenerationCancelled {
  readonly generation: number;
  readonly reason: string;
}

/** A build has been at the end of the log in every partition. */
export interface GenerationCaughtUp {
  readonly generation: number;
  /** Next position per topic/partition. */
  readonly positions: Readonly<Record<string, number>>;
}

/** A build came to an end by itself. */
export interface GenerationFailed {
  readonly generation: number;
  readonly reason: string;
}

/** Readers use this generation from here on. */
export interface GenerationPromoted {
  readonly generation: number;
  readonly previous: number | null;
  /** first, verified, rollback or forced; caught-up before rebuilds were verified. */
  readonly rule: string;
  readonly verified: boolean;
  /** Next position per topic/partition when it was promoted. */
  readonly positions: Readonly<Record<string, number>>;
  readonly reason: string;
}

/** A generation is dropped. */
export interface GenerationRetired {
  readonly generation: number;
  readonly reason: string;
}

/** A build of a read model begins. */
export interface GenerationStarted {
  readonly generation: number;
  /** Of the projection that builds it. */
  readonly version: number;
  readonly reason: string;
  /** The build is slowed so that live ones lag less; null: the usual limit. */
  readonly maxLiveLagMs: number | null;
}

/** Rows are JSON; null: there is none. */
export interface RowDifference {
  readonly table: string;
  /** JSON of its key columns. */
  readonly key: string;
  readonly live: string | null;
  readonly built: string | null;
}

/** A build was compared with the live generation and differs; both stay. */
export interface GenerationVerificationFailed {
  readonly generation: number;
  /** The live generation at that time. */
  readonly against: number;
  /** Up to these both were compared: next position per topic/partition. */
  readonly positions: Readonly<Record<string, number>>;
  readonly differingRows: number;
  /** The first ones of each table. */
  readonly differences: readonly RowDifference[];
  readonly reason: string;
}

/** A comparison that takes long has come further. */
export interface GenerationVerificationProgressed {
  readonly generation: number;
  /** The live generation at that time. */
  readonly against: number;
  /** The one that is being read. */
  readonly table: string;
  /** Of all tables, read so far. */
  readonly rows: number;
}

/** Rows that stood still at the positions, as read back of both. */
export interface TableDigest {
  readonly table: string;
  readonly rows: number;
  /** Sum of the SHA-256 of its rows, mod 2^256: 64 hexadecimal digits. */
  readonly sum: string;
}

/** A build was compared with the live generation, row by row, and is equal. */
export interface GenerationVerified {
  readonly generation: number;
  /** The live generation at that time. */
  readonly against: number;
  /** Up to these both were compared: next position per topic/partition. */
  readonly positions: Readonly<Record<string, number>>;
  readonly tables: readonly TableDigest[];
  /** Rows that changed meanwhile and were compared where both stood. */
  readonly rechecked: number;
  /** Of these, rows for which a partition of the build was held. */
  readonly held: number;
  /** Rows newer than where a live generation of older code stands still. */
  readonly beyond: number;
  /** Parked in both, at the same events. */
  readonly parkedStreams: readonly string[];
  /** Declared to differ: table or table.column. */
  readonly leftOut: readonly string[];
  readonly codeVersion: string;
  /** Of the schemas by which events were decoded. */
  readonly schemaIds: readonly number[];
}

/** An event is given up: every generation of the projection leaves it out from now on. */
export interface ParkedEventDiscarded {
  /** In which it was found parked. */
  readonly generation: number;
  /** topic/partition */
  readonly partition: string;
  /** The aggregate id. */
  readonly stream: string;
  readonly position: number;
  readonly sequence: number;
  /** Why it could not be applied. */
  readonly fault: string;
  /** Why it is given up. */
  readonly reason: string;
}

/** None of its generations is fed until it is resumed. */
export interface ProjectionPaused {
  readonly reason: string;
}

/** Its generations are fed again. */
export interface ProjectionResumed {
  readonly reason: string;
}

/** A stream is set aside from this event on, which a generation could not apply. */
export interface StreamParked {
  readonly generation: number;
  /** topic/partition */
  readonly partition: string;
  /** The aggregate id. */
  readonly stream: string;
  /** Of that event. */
  readonly position: number;
  /** Of that event in its stream. */
  readonly sequence: number;
  /** Why it could not be applied. */
  readonly reason: string;
  /** How many releases of it came to nothing before. */
  readonly releases: number;
}

/** A parked stream is to be applied again, from where it is parked. */
export interface StreamReleaseRequested {
  readonly generation: number;
  /** topic/partition */
  readonly partition: string;
  /** The aggregate id. */
  readonly stream: string;
  /** Where it is parked. */
  readonly position: number;
  /** The number of this release, from 1. */
  readonly releases: number;
  readonly reason: string;
}

/** A parked stream has been applied again and is parked no more. */
export interface StreamReleased {
  readonly generation: number;
  /** topic/partition */
  readonly partition: string;
  /** The aggregate id. */
  readonly stream: string;
  /** How many releases it took. */
  readonly releases: number;
  /** Next position of the partition when it was through. */
  readonly through: number;
}

/** Every event of the context. */
export type OperationsEvent =
  | { readonly type: "GenerationCancelled"; readonly data: GenerationCancelled; readonly occurredAtMs: number }
  | { readonly type: "GenerationCaughtUp"; readonly data: GenerationCaughtUp; readonly occurredAtMs: number }
  | { readonly type: "GenerationFailed"; readonly data: GenerationFailed; readonly occurredAtMs: number }
  | { readonly type: "GenerationPromoted"; readonly data: GenerationPromoted; readonly occurredAtMs: number }
  | { readonly type: "GenerationRetired"; readonly data: GenerationRetired; readonly occurredAtMs: number }
  | { readonly type: "GenerationStarted"; readonly data: GenerationStarted; readonly occurredAtMs: number }
  | { readonly type: "GenerationVerificationFailed"; readonly data: GenerationVerificationFailed; readonly occurredAtMs: number }
  | { readonly type: "GenerationVerificationProgressed"; readonly data: GenerationVerificationProgressed; readonly occurredAtMs: number }
  | { readonly type: "GenerationVerified"; readonly data: GenerationVerified; readonly occurredAtMs: number }
  | { readonly type: "ParkedEventDiscarded"; readonly data: ParkedEventDiscarded; readonly occurredAtMs: number }
  | { readonly type: "ProjectionPaused"; readonly data: ProjectionPaused; readonly occurredAtMs: number }
  | { readonly type: "ProjectionResumed"; readonly data: ProjectionResumed; readonly occurredAtMs: number }
  | { readonly type: "StreamParked"; readonly data: StreamParked; readonly occurredAtMs: number }
  | { readonly type: "StreamReleaseRequested"; readonly data: StreamReleaseRequested; readonly occurredAtMs: number }
  | { readonly type: "StreamReleased"; readonly data: StreamReleased; readonly occurredAtMs: number };
