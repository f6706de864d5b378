import { z } from "zod";
import { shown } from "../reading/row-json.ts";

export const trader = z.object({
  traderId: shown.text,
  handle: shown.text,
  status: z.enum(["registered", "left"]),
  acceptsCopiers: z.boolean(),
  copierLimit: shown.count,
  registeredAt: shown.time,
  followers: shown.count,
  following: shown.count,
  copiers: shown.count,
  copying: shown.count,
});

export const relation = z.object({
  traderId: shown.text,
  handle: shown.text,
  since: shown.time,
});

export const copy = relation.extend({
  portfolioId: shown.text,
  allocation: shown.decimal,
  mode: shown.text,
  multiplier: shown.decimal.nullable(),
  status: z.enum(["active", "paused"]),
});

export const copier = copy.extend({ depth: shown.count, leaderId: shown.text });

export const path = z.object({
  /** From the first to the last, both included; null: none within the limit. */
  traderIds: z.array(z.string()).nullable(),
});

export const suggestion = z.object({
  traderId: shown.text,
  handle: shown.text,
  common: shown.count,
  influence: z.number(),
});

export const influence = z.object({
  rank: z.int().min(1),
  traderId: shown.text,
  handle: shown.text,
  normalised: z.number().describe("PageRank, d = 0.85, sums to 1; dangling mass spread evenly"),
  gds: z.number().describe("PageRank, d = 0.85, (1 − d) + d·Σ; dangling mass lost"),
});
