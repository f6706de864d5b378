import { z } from "zod";
import type { CommandDefinition } from "../../../aggregate.ts";

/** Ticks of one QuarantineTicks; more are further commands. */
export const MAX_QUARANTINED_PER_COMMAND = 500;
const MAX_TICK_CHARACTERS = 4_000;

const REASONS = ["unknown_symbol", "future", "absurd"] as const;
export type QuarantineReason = (typeof REASONS)[number];

export interface QuarantineTicks {
  readonly type: "QuarantineTicks";
  readonly data: {
    readonly reason: QuarantineReason;
    /** Each tick as it came, JSON. */
    readonly ticks: readonly string[];
  };
}

const EXAMPLE_TICK = JSON.stringify({
  exchange: "binance",
  symbol: "NEWUSDT",
  price: "1",
  volume: "2",
  timestamp: 1_723_161_255_342,
});

export const commands: { readonly QuarantineTicks: CommandDefinition<QuarantineTicks> } = {
  QuarantineTicks: {
    payload: z.strictObject({
      reason: z.enum(REASONS),
      ticks: z
        .array(z.string().min(2).max(MAX_TICK_CHARACTERS))
        .min(1)
        .max(MAX_QUARANTINED_PER_COMMAND),
    }),
    summary: "Set ticks aside that cannot be recorded",
    example: {
      reason: "unknown_symbol",
      ticks: [EXAMPLE_TICK],
    },
    creates: true,
  },
};
