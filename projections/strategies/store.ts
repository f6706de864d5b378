import type { Page, PageRequest } from "../runner/page.ts";
import type { Tables } from "../runner/projection.ts";

/**
 * The read model of strategies. What kinds of events know of one strategy stands in tables of
 * their own, because a row is written whole by the last event that concerns it.
 */
export const tables = {
  /** The newest document. `searchText`: what of it the text search reads. */
  strategies: {
    key: { strategyId: "text" },
    columns: { owner: "text", version: "integer", document: "json", searchText: "text" },
  },
  origins: {
    key: { strategyId: "text" },
    columns: { forkedFrom: "text", createdAtMs: "integer" },
    immutable: true,
  },
  statuses: {
    key: { strategyId: "text" },
    columns: { status: "text" },
  },
  visibilities: {
    key: { strategyId: "text" },
    columns: { visibility: "text" },
  },
  /** Every document that the strategy ever had. */
  versions: {
    key: { strategyId: "text", version: "integer" },
    columns: { document: "json", createdAtMs: "integer" },
    immutable: true,
  },
  changes: {
    key: { strategyId: "text" },
    columns: { sequence: "integer", changedAtMs: "integer" },
  },
} as const satisfies Tables;

export interface Strategy {
  readonly strategyId: string;
  readonly owner: string;
  readonly version: number;
  /** JSON text. */
  readonly document: string;
  readonly status: string;
  readonly visibility: string;
  readonly forkedFrom: string | null;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  /** The stream's sequence: for `If-Match`. */
  readonly sequence: number;
}

export interface StrategyVersion {
  readonly version: number;
  readonly document: string;
  readonly createdAtMs: number;
}

export interface StrategyFilter {
  /** Who sees only one's own strategies and public ones; null: who asks sees all. */
  readonly actor: string | null;
  /**
   * Words of letters and digits, whatever their case and diacritics: with each of them a word of
   * the document's name, type, tags, instruments or indicators begins. Other signs only part words.
   */
  readonly text: string | null;
  readonly tag: string | null;
  readonly type: string | null;
  readonly instrument: string | null;
  /** `EMA` finds `EMA_12`, too. */
  readonly indicator: string | null;
  readonly owner: string | null;
  readonly status: string | null;
}

/** What can be asked of the read model; one adapter per server behind it. */
export interface StrategyReader {
  strategies(filter: StrategyFilter, page: PageRequest<string>): Promise<Page<Strategy, string>>;
  strategy(strategyId: string): Promise<Strategy | null>;
  /** Oldest first. */
  versions(strategyId: string, page: PageRequest<number>): Promise<Page<StrategyVersion, number>>;
  version(strategyId: string, version: number): Promise<StrategyVersion | null>;
}
