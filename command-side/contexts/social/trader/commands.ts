import { z } from "zod";
import { idField, positiveDecimalField, textField } from "../../../../platform/fields/fields.ts";
import type { Decimal } from "../../../../platform/kernel/decimal.ts";
import type { CommandDefinition } from "../../../aggregate.ts";
import { COPIERS } from "./limits.ts";

export interface RegisterTrader {
  readonly type: "RegisterTrader";
  readonly data: {
    readonly handle: string;
    readonly acceptsCopiers: boolean;
    readonly copierLimit: number;
  };
}

export interface LeaveNetwork {
  readonly type: "LeaveNetwork";
  readonly data: { readonly reason: string };
}

/** A command that says no more than whom it is about. */
interface ToLeader<Type extends string> {
  readonly type: Type;
  readonly data: { readonly leader: string };
}

interface ToBlocked<Type extends string> {
  readonly type: Type;
  readonly data: { readonly blocked: string };
}

export type FollowTrader = ToLeader<"FollowTrader"> | ToLeader<"UnfollowTrader">;
export type BlockTrader = ToBlocked<"BlockTrader"> | ToBlocked<"UnblockTrader">;
export type PauseCopy = ToLeader<"PauseCopy"> | ToLeader<"ResumeCopy">;

type CopyMode = "proportional" | "fixed_amount" | "multiplier";

/** How much is copied, and with what. */
interface CopyTerms {
  readonly leader: string;
  readonly portfolioId: string;
  /** In the base currency of the portfolio. */
  readonly allocation: Decimal;
  readonly mode: CopyMode;
  /** Of the mode of that name only. */
  readonly multiplier: Decimal | null;
}

export interface StartCopying {
  readonly type: "StartCopying";
  readonly data: CopyTerms;
}

export interface AdjustCopy {
  readonly type: "AdjustCopy";
  readonly data: CopyTerms;
}

export interface StopCopying {
  readonly type: "StopCopying";
  readonly data: { readonly leader: string; readonly closeMode: string };
}

export type TraderCommand =
  | RegisterTrader
  | LeaveNetwork
  | FollowTrader
  | BlockTrader
  | StartCopying
  | AdjustCopy
  | PauseCopy
  | StopCopying;

const HANDLE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{1,29}$/;
const handle = z.string().regex(HANDLE_PATTERN, {
  error: "must be 2 to 30 letters, digits, _ and -, beginning with a letter or digit",
});
const leaderPayload = z.strictObject({ leader: idField() });
const blockedPayload = z.strictObject({ blocked: idField() });

/** A multiplier belongs to its mode, and to no other. */
const copyPayload = z
  .strictObject({
    leader: idField(),
    portfolioId: idField(),
    allocation: positiveDecimalField(),
    mode: z.enum(["proportional", "fixed_amount", "multiplier"]).default("proportional"),
    multiplier: positiveDecimalField().nullable().default(null),
  })
  .refine(({ mode, multiplier }) => (mode === "multiplier") === (multiplier !== null), {
    error: "goes with mode multiplier, and only with it",
    path: ["multiplier"],
  });

export const commands: {
  readonly [T in TraderCommand["type"]]: CommandDefinition<Extract<TraderCommand, { type: T }>>;
} = {
  RegisterTrader: {
    payload: z.strictObject({
      handle,
      acceptsCopiers: z.boolean().default(false),
      copierLimit: z.int().min(0).max(COPIERS).default(1_000),
    }),
    summary: "Register a trader under a handle of its own",
    example: { handle: "steady_hands", acceptsCopiers: true, copierLimit: 100 },
    creates: true,
  },
  LeaveNetwork: {
    payload: z.strictObject({ reason: textField(500) }),
    summary: "Leave for good; every relation from and to the trader ends",
    example: { reason: "closes the account" },
  },
  FollowTrader: {
    payload: leaderPayload,
    summary: "Follow another trader",
    example: { leader: "t-2" },
  },
  UnfollowTrader: {
    payload: leaderPayload,
    summary: "Follow another trader no more",
    example: { leader: "t-2" },
  },
  BlockTrader: {
    payload: blockedPayload,
    summary: "Block another trader; follows and copies between the two end",
    example: { blocked: "t-2" },
  },
  UnblockTrader: {
    payload: blockedPayload,
    summary: "Take a block back; what it ended stays ended",
    example: { blocked: "t-2" },
  },
  StartCopying: {
    payload: copyPayload,
    summary: "Begin to copy another trader with a portfolio of one's own",
    example: { leader: "t-2", portfolioId: "p-1", allocation: "500" },
  },
  AdjustCopy: {
    payload: copyPayload,
    summary: "Give a copy relation other terms",
    example: {
      leader: "t-2",
      portfolioId: "p-1",
      allocation: "750",
      mode: "multiplier",
      multiplier: "0.5",
    },
  },
  PauseCopy: {
    payload: leaderPayload,
    summary: "Let a copy relation rest",
    example: { leader: "t-2" },
  },
  ResumeCopy: {
    payload: leaderPayload,
    summary: "Let a copy relation that rested go on",
    example: { leader: "t-2" },
  },
  StopCopying: {
    payload: z.strictObject({
      leader: idField(),
      closeMode: z
        .enum([
          "preserve",
          "close_gracefully_by_position",
          "close_gracefully_by_symbol",
          "close_immediately",
        ])
        .default("preserve"),
    }),
    summary: "Copy another trader no more",
    example: { leader: "t-2", closeMode: "preserve" },
  },
};
