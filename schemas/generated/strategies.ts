// Generated from the Avro schemas by `cipherhorizon schemas generate`. Do not edit.
/** The strategy is to be evaluated from the next candle on. */
export interface StrategyActivated {
  readonly version: number;
}

/** The strategy is at its end; it stays readable. */
export interface StrategyArchived {
  readonly version: number;
  readonly reason: string;
}

/** A strategy's first document. */
export interface StrategyCreated {
  readonly owner: string;
  readonly version: number;
  /** The whole document as it was sent, as JSON text. */
  readonly document: string;
}

/** A strategy that began as a copy of another one. */
export interface StrategyForked {
  readonly owner: string;
  readonly version: number;
  /** The whole document as it was sent, as JSON text. */
  readonly document: string;
  readonly forkedFrom: string;
}

/** The strategy is not evaluated until it is activated again. */
export interface StrategyPaused {
  readonly version: number;
  readonly reason: string;
}

/** Who may read the strategy from here on. */
export interface StrategyPublished {
  /** private, followers or public. */
  readonly visibility: string;
}

/** A new version of the document; the old one stays readable. */
export interface StrategyRevised {
  readonly owner: string;
  readonly version: number;
  /** The whole document as it was sent, as JSON text. */
  readonly document: string;
}

/** Every event of the context. */
export type StrategiesEvent =
  | { readonly type: "StrategyActivated"; readonly data: StrategyActivated; readonly occurredAtMs: number }
  | { readonly type: "StrategyArchived"; readonly data: StrategyArchived; readonly occurredAtMs: number }
  | { readonly type: "StrategyCreated"; readonly data: StrategyCreated; readonly occurredAtMs: number }
  | { readonly type: "StrategyForked"; readonly data: StrategyForked; readonly occurredAtMs: number }
  | { readonly type: "StrategyPaused"; readonly data: StrategyPaused; readonly occurredAtMs: number }
  | { readonly type: "StrategyPublished"; readonly data: StrategyPublished; readonly occurredAtMs: number }
  | { readonly type: "StrategyRevised"; readonly data: StrategyRevised; readonly occurredAtMs: number };
