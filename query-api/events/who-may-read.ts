import { type Caller, mayRead, readsOnlyOf } from "../../platform/access/roles.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { notOwn } from "../reading/own.ts";
import type { Models } from "../registry.ts";

/** Refuses who may not read these events of the log. */
export type EventGuard = (
  caller: Caller,
  wanted: { readonly topic: string; readonly aggregateId: string | null },
) => Promise<void>;

/** Of the aggregates of a topic; null: nobody, or nobody that is known. */
type OwnerOf = (aggregateId: string) => Promise<string | null>;

/**
 * The log holds what everybody does. A trader reads the market's events, and of the other topics
 * those of one aggregate of its own at a time; whose it is stands in the read models.
 */
export function eventGuard({ portfolios, strategies }: Models): EventGuard {
  const ofPortfolio: OwnerOf = async (id) => {
    const { result } = await portfolios.read((reader) => reader.portfolio(id));
    return result?.owner ?? null;
  };
  const ofStrategy: OwnerOf = async (id) => {
    const { result } = await strategies.read((reader) => reader.strategy(id));
    return result?.owner ?? null;
  };
  const owners: Readonly<Record<string, OwnerOf | "public">> = {
    "market.events": "public",
    "portfolio.events": ofPortfolio,
    "risk.events": ofPortfolio,
    "strategies.events": ofStrategy,
    "social.events": async (traderId) => traderId,
  };
  return async (caller, { topic, aggregateId }) => {
    if (readsOnlyOf(caller) === null) return;
    const ownerOf = Object.hasOwn(owners, topic) ? owners[topic] : undefined;
    if (ownerOf === "public") return;
    if (ownerOf === undefined) {
      throw new PlatformError("FORBIDDEN", `the events of ${topic} are not for a trader's key`);
    }
    if (aggregateId === null) {
      throw new PlatformError("FORBIDDEN", `a trader's key needs ?aggregateId= for ${topic}`);
    }
    if (mayRead(caller, await ownerOf(aggregateId))) return;
    throw notOwn(`${aggregateId} of ${topic} is not one of yours`);
  };
}
