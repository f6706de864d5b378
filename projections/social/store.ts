import type { Page, PageRequest } from "../runner/page.ts";
import type { Tables } from "../runner/projection.ts";

/**
 * The read model of the social graph. Its topic has one partition, so a row may be changed by the
 * events of either of two traders. Who has left stands in a table of its own: relations of theirs
 * stay as rows, and the reader leaves them out, because one event cannot name them all.
 */
export const tables = {
  traders: {
    key: { traderId: "text" },
    columns: {
      handle: "text",
      foldedHandle: "text",
      acceptsCopiers: "boolean",
      copierLimit: "integer",
      registeredAtMs: "integer",
    },
    immutable: true,
  },
  departures: {
    key: { traderId: "text" },
    columns: { reason: "text", leftAtMs: "integer" },
    immutable: true,
  },
  follows: {
    key: { followerId: "text", leaderId: "text" },
    columns: { sinceMs: "integer" },
  },
  blocks: {
    key: { traderId: "text", blockedId: "text" },
    columns: { sinceMs: "integer" },
  },
  copies: {
    key: { followerId: "text", leaderId: "text" },
    columns: {
      portfolioId: "text",
      allocation: "decimal",
      mode: "text",
      multiplier: "decimal",
      isPaused: "boolean",
      sinceMs: "integer",
    },
  },
} as const satisfies Tables;

export interface Trader {
  readonly traderId: string;
  readonly handle: string;
  readonly status: "registered" | "left";
  readonly acceptsCopiers: boolean;
  readonly copierLimit: number;
  readonly registeredAtMs: number;
  readonly followers: number;
  readonly following: number;
  readonly copiers: number;
  readonly copying: number;
}

/** A relation as seen from one trader: who is at its other end. */
export interface Relation {
  readonly traderId: string;
  readonly handle: string;
  readonly sinceMs: number;
}

export interface CopyRelation extends Relation {
  readonly portfolioId: string;
  readonly allocation: string;
  readonly mode: string;
  readonly multiplier: string | null;
  readonly status: "active" | "paused";
}

/** Who copies a leader, directly (depth 1) or through others. */
export interface Copier extends CopyRelation {
  readonly depth: number;
  /** Whom this one copies. */
  readonly leaderId: string;
}

export interface Suggestion {
  readonly traderId: string;
  readonly handle: string;
  /** How many of those one follows follow this one. */
  readonly common: number;
  /** Normalised PageRank. */
  readonly influence: number;
}

export interface Influence {
  readonly traderId: string;
  readonly handle: string;
  /** PageRank that sums to 1 over all traders; who follows nobody spreads evenly. */
  readonly normalised: number;
  /** (1 − d) + d·Σ, not normalised, what nobody is followed by is lost: the GDS convention. */
  readonly gds: number;
}

export type Ends = "followers" | "following" | "mutuals";

/** What can be asked of the social graph. Traders who have left are in no relation. */
export interface SocialReader {
  traders(handle: string | null, page: PageRequest<string>): Promise<Page<Trader, string>>;
  trader(traderId: string): Promise<Trader | null>;
  relations(
    ends: Ends,
    traderId: string,
    page: PageRequest<string>,
  ): Promise<Page<Relation, string>>;
  copying(traderId: string): Promise<readonly CopyRelation[]>;
  copiers(traderId: string): Promise<readonly Copier[]>;
  /** From one to the other along follows, both included; null where none is within the limit. */
  path(fromId: string, toId: string): Promise<readonly string[] | null>;
  suggestions(traderId: string, limit: number): Promise<readonly Suggestion[]>;
  /** By falling influence; equal ones by id. */
  influence(): Promise<readonly Influence[]>;
}
