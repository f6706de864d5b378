import { z } from "zod";
import { idField, textField } from "../../../../platform/fields/fields.ts";
import type { CommandDefinition } from "../../../aggregate.ts";
import { documentField, type StrategyDocument } from "./document.ts";

interface CreateStrategy {
  readonly type: "CreateStrategy";
  readonly data: StrategyDocument;
}

interface ReviseStrategy {
  readonly type: "ReviseStrategy";
  readonly data: StrategyDocument;
}

export interface ForkStrategy {
  readonly type: "ForkStrategy";
  /** `name`: of the fork, where it shall not have its source's. */
  readonly data: { readonly source: string; readonly name?: string | undefined };
}

interface ActivateStrategy {
  readonly type: "ActivateStrategy";
  readonly data: Readonly<Record<string, never>>;
}

interface PauseStrategy {
  readonly type: "PauseStrategy";
  readonly data: { readonly reason: string };
}

interface ArchiveStrategy {
  readonly type: "ArchiveStrategy";
  readonly data: { readonly reason: string };
}

interface PublishStrategy {
  readonly type: "PublishStrategy";
  readonly data: { readonly visibility: "followers" | "public" };
}

interface UnpublishStrategy {
  readonly type: "UnpublishStrategy";
  readonly data: Readonly<Record<string, never>>;
}

export type StrategyCommand =
  | CreateStrategy
  | ReviseStrategy
  | ForkStrategy
  | ActivateStrategy
  | PauseStrategy
  | ArchiveStrategy
  | PublishStrategy
  | UnpublishStrategy;

const nothing = z.strictObject({}) as z.ZodType<Readonly<Record<string, never>>>;
const withReason = z.strictObject({ reason: textField(500).default("user") });

export const EXAMPLE_DOCUMENT = {
  name: "Momentum Trading",
  type: "momentum",
  rules: [{ indicator: "RSI", condition: "above_70", action: "sell" }],
  risk_profile: { max_loss: 0.05, volatility: 0.2 },
};

export const commands: {
  readonly [T in StrategyCommand["type"]]: CommandDefinition<Extract<StrategyCommand, { type: T }>>;
} = {
  CreateStrategy: {
    payload: documentField(),
    summary: "Create a strategy from its document",
    example: EXAMPLE_DOCUMENT,
    creates: true,
  },
  ReviseStrategy: {
    payload: documentField(),
    summary: "Replace the document by a new version; the old one stays readable",
    example: { ...EXAMPLE_DOCUMENT, tags: ["btc"] },
  },
  ForkStrategy: {
    payload: z.strictObject({ source: idField(), name: textField(80).optional() }),
    summary: "Begin a strategy as a copy of one of one's own or a public one",
    example: { source: "s-1", name: "Momentum, slower" },
    creates: true,
  },
  ActivateStrategy: {
    payload: nothing,
    summary: "Let the strategy be evaluated from the next candle on",
    example: {},
  },
  PauseStrategy: {
    payload: withReason,
    summary: "Stop evaluating the strategy until it is activated again",
    example: { reason: "user" },
  },
  ArchiveStrategy: {
    payload: withReason,
    summary: "End the strategy for good; it stays readable",
    example: { reason: "replaced" },
  },
  PublishStrategy: {
    payload: z.strictObject({ visibility: z.enum(["followers", "public"]).default("public") }),
    summary: "Let followers or everyone read the strategy",
    example: { visibility: "public" },
  },
  UnpublishStrategy: {
    payload: nothing,
    summary: "Keep the strategy to its owner again",
    example: {},
  },
};
