import type { Page, PageRequest } from "../runner/page.ts";
import type { Tables } from "../runner/projection.ts";

/** The read model of risk: the last assessment of each portfolio, its limits and their breaches. */
export const tables = {
  /** The last one of each portfolio. */
  assessments: {
    key: { portfolioId: "text" },
    columns: {
      assessedAtMs: "integer",
      asOfMs: "integer",
      trigger: "text",
      portfolioSequence: "integer",
      minuteMs: "integer",
      baseCurrency: "text",
      equity: "decimal",
      cash: "decimal",
      grossExposure: "decimal",
      netExposure: "decimal",
      complete: "boolean",
      nav: "double",
      peakNav: "double",
      peakAtMs: "integer",
      drawdown: "double",
      maxDrawdown: "double",
      leverage: "double",
      concentration: "double",
      herfindahl: "double",
      returns: "integer",
      volatility: "double",
      tails: "json",
    },
  },
  /** By asset; of an earlier assessment where `sequence` is not the last one's. */
  positions: {
    key: { portfolioId: "text", asset: "text" },
    columns: {
      sequence: "integer",
      quantity: "decimal",
      price: "decimal",
      priceAtMs: "integer",
      instrumentId: "text",
      value: "decimal",
      share: "double",
    },
  },
  /** The newest event of each risk book, and of its last assessment. */
  versions: { key: { portfolioId: "text" }, columns: { version: "integer" } },
  assessedVersions: { key: { portfolioId: "text" }, columns: { sequence: "integer" } },
  tradingStates: {
    key: { portfolioId: "text" },
    columns: { state: "text", reason: "text", changedAtMs: "integer" },
  },
  limits: {
    key: { portfolioId: "text", limitId: "text" },
    columns: {
      kind: "text",
      asset: "text",
      warnAt: "decimal",
      limitAt: "decimal",
      action: "text",
      hysteresis: "decimal",
      setAtMs: "integer",
    },
  },
  limitStates: {
    key: { portfolioId: "text", limitId: "text" },
    columns: { state: "text", breachId: "text", sinceMs: "integer" },
  },
  /** What was measured last against each limit. */
  limitValues: {
    key: { portfolioId: "text", limitId: "text" },
    columns: { value: "decimal", usage: "double", atMs: "integer" },
  },
  breaches: {
    key: { portfolioId: "text", sequence: "integer" },
    columns: {
      breachId: "text",
      limitId: "text",
      kind: "text",
      asset: "text",
      value: "decimal",
      limitAt: "decimal",
      action: "text",
      breachedAtMs: "integer",
    },
    immutable: true,
  },
  breachEnds: {
    key: { portfolioId: "text", breachId: "text", endedBySequence: "integer" },
    columns: { endedAtMs: "integer", how: "text" },
    immutable: true,
  },
  acknowledgements: {
    key: { portfolioId: "text", breachId: "text", sequence: "integer" },
    columns: { note: "text", acknowledgedAtMs: "integer" },
    immutable: true,
  },
} as const satisfies Tables;

/** Losses of one day as fractions of the equity, positive. */
export interface TailRisk {
  readonly confidence: number;
  readonly historicalVar: number;
  readonly historicalShortfall: number;
  readonly parametricVar: number;
  readonly parametricVarZeroMean: number;
  readonly parametricShortfall: number;
}

/** One asset that was held, beside the base currency; decimals are canonical text. */
export interface Position {
  readonly asset: string;
  readonly quantity: string;
  readonly price: string | null;
  readonly priceAtMs: number | null;
  readonly instrumentId: string | null;
  readonly value: string | null;
  /** Of the gross exposure. */
  readonly share: number;
}

export interface Assessment {
  readonly assessedAtMs: number;
  readonly asOfMs: number;
  readonly trigger: string;
  /** The portfolio's newest event that is in it. */
  readonly portfolioSequence: number;
  /** Opening time of the newest minute that was assessed. */
  readonly minuteMs: number | null;
  readonly baseCurrency: string;
  readonly equity: string;
  readonly cash: string;
  readonly grossExposure: string;
  readonly netExposure: string;
  readonly complete: boolean;
  readonly nav: number;
  readonly peakNav: number;
  readonly peakAtMs: number;
  readonly drawdown: number;
  readonly maxDrawdown: number;
  readonly leverage: number | null;
  readonly concentration: number | null;
  readonly herfindahl: number | null;
  /** Daily returns of NAV. */
  readonly returns: number;
  readonly volatility: number | null;
  readonly tails: readonly TailRisk[];
  /** The largest share first. */
  readonly positions: readonly Position[];
}

export interface RiskSummary {
  readonly tradingState: string;
  readonly version: number;
  /** null: it was not assessed yet. */
  readonly assessment: Assessment | null;
}

export interface RiskLimit {
  readonly portfolioId: string;
  readonly limitId: string;
  readonly kind: string;
  readonly asset: string | null;
  readonly warnAt: string | null;
  readonly limit: string;
  readonly action: string;
  readonly hysteresis: string;
  readonly setAtMs: number;
  readonly state: string;
  readonly breachId: string | null;
  /** null: it cannot be measured, or was not yet. */
  readonly value: string | null;
  /** value / limit */
  readonly usage: number | null;
}

export interface Breach {
  readonly breachId: string;
  readonly sequence: number;
  readonly limitId: string;
  readonly kind: string;
  readonly asset: string | null;
  readonly value: string;
  readonly limit: string;
  readonly action: string;
  readonly breachedAtMs: number;
  /** null: it lasts. */
  readonly endedAtMs: number | null;
  readonly how: string | null;
  readonly acknowledgedAtMs: number | null;
  readonly note: string | null;
}

/** A place in the order of usage, the highest first. */
export interface UsagePlace {
  readonly usage: number;
  readonly portfolioId: string;
  readonly limitId: string;
}

/** What can be asked of the read model; one adapter per server behind it. */
export interface RiskReader {
  /** null: there is no risk book. */
  risk(portfolioId: string): Promise<RiskSummary | null>;
  limits(portfolioId: string): Promise<readonly RiskLimit[]>;
  /** The newest first. */
  breaches(portfolioId: string, page: PageRequest<number>): Promise<Page<Breach, number>>;
  /** Of all portfolios, from this usage on. */
  nearLimit(
    leastUsage: number,
    page: PageRequest<UsagePlace>,
  ): Promise<Page<RiskLimit, UsagePlace>>;
}
