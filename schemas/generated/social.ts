// Generated from the Avro schemas by `cipherhorizon schemas generate`. Do not edit.
import type { Decimal } from "../../platform/kernel/decimal.ts";

/** A copy relation has other terms. */
export interface CopyAdjusted {
  readonly leader: string;
  readonly portfolioId: string;
  /** In the base currency of the portfolio. */
  readonly allocation: Decimal;
  /** proportional, fixed_amount or multiplier. */
  readonly mode: string;
  readonly multiplier: Decimal | null;
  /** When the copy relation began, epoch ms. */
  readonly startedMs: number;
  readonly isPaused: boolean;
}

/** A copy relation rests; its terms stay. */
export interface CopyPaused {
  readonly leader: string;
  readonly portfolioId: string;
  /** In the base currency of the portfolio. */
  readonly allocation: Decimal;
  /** proportional, fixed_amount or multiplier. */
  readonly mode: string;
  readonly multiplier: Decimal | null;
  /** When the copy relation began, epoch ms. */
  readonly startedMs: number;
  readonly isPaused: boolean;
}

/** A copy relation that rested goes on. */
export interface CopyResumed {
  readonly leader: string;
  readonly portfolioId: string;
  /** In the base currency of the portfolio. */
  readonly allocation: Decimal;
  /** proportional, fixed_amount or multiplier. */
  readonly mode: string;
  readonly multiplier: Decimal | null;
  /** When the copy relation began, epoch ms. */
  readonly startedMs: number;
  readonly isPaused: boolean;
}

/** One trader copies another with a portfolio of its own. */
export interface CopyStarted {
  readonly leader: string;
  readonly portfolioId: string;
  /** In the base currency of the portfolio. */
  readonly allocation: Decimal;
  /** proportional, fixed_amount or multiplier. */
  readonly mode: string;
  readonly multiplier: Decimal | null;
  /** When the copy relation began, epoch ms. */
  readonly startedMs: number;
  readonly isPaused: boolean;
}

/** A copy relation has ended. */
export interface CopyStopped {
  readonly leader: string;
  /** What becomes of what was copied: preserve, close_gracefully_by_position, close_gracefully_by_symbol or close_immediately. */
  readonly closeMode: string;
}

/** One trader blocks another; relations between the two end with this. */
export interface TraderBlocked {
  readonly blocked: string;
}

/** One trader follows another. */
export interface TraderFollowed {
  readonly leader: string;
}

/** A trader left for good; every relation from and to it has ended with this. */
export interface TraderLeft {
  readonly reason: string;
}

/** A trader joined under a handle that nobody else has. */
export interface TraderRegistered {
  readonly handle: string;
  readonly acceptsCopiers: boolean;
  readonly copierLimit: number;
}

/** A block was taken back; what it ended stays ended. */
export interface TraderUnblocked {
  readonly blocked: string;
}

/** One trader follows another no more. */
export interface TraderUnfollowed {
  readonly leader: string;
}

/** Every event of the context. */
export type SocialEvent =
  | { readonly type: "CopyAdjusted"; readonly data: CopyAdjusted; readonly occurredAtMs: number }
  | { readonly type: "CopyPaused"; readonly data: CopyPaused; readonly occurredAtMs: number }
  | { readonly type: "CopyResumed"; readonly data: CopyResumed; readonly occurredAtMs: number }
  | { readonly type: "CopyStarted"; readonly data: CopyStarted; readonly occurredAtMs: number }
  | { readonly type: "CopyStopped"; readonly data: CopyStopped; readonly occurredAtMs: number }
  | { readonly type: "TraderBlocked"; readonly data: TraderBlocked; readonly occurredAtMs: number }
  | { readonly type: "TraderFollowed"; readonly data: TraderFollowed; readonly occurredAtMs: number }
  | { readonly type: "TraderLeft"; readonly data: TraderLeft; readonly occurredAtMs: number }
  | { readonly type: "TraderRegistered"; readonly data: TraderRegistered; readonly occurredAtMs: number }
  | { readonly type: "TraderUnblocked"; readonly data: TraderUnblocked; readonly occurredAtMs: number }
  | { readonly type: "TraderUnfollowed"; readonly data: TraderUnfollowed; readonly occurredAtMs: number };
