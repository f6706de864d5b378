// Generated from the Avro schemas by `cipherhorizon schemas generate`. Do not edit.
/** A build was given up before promotion. */
export interface GenerationCancelled {
  readonly generation: number;
  readonly reason: string;
}

/** Readers use this generation from here on. */
export interface GenerationPromoted {
  readonly generation: number;
  readonly previous: number | null;
  /** first, caught-up or forced. */
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
}

/** Every event of the context. */
export type OperationsEvent =
  | { readonly type: "GenerationCancelled"; readonly data: GenerationCancelled; readonly occurredAtMs: number }
  | { readonly type: "GenerationPromoted"; readonly data: GenerationPromoted; readonly occurredAtMs: number }
  | { readonly type: "GenerationRetired"; readonly data: GenerationRetired; readonly occurredAtMs: number }
  | { readonly type: "GenerationStarted"; readonly data: GenerationStarted; readonly occurredAtMs: number };
