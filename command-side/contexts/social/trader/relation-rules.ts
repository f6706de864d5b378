import { refused } from "../../../../platform/kernel/decider.ts";
import type { SocialContext } from "./decide.ts";

type Refused = ReturnType<typeof refused>;

/** What stands against any relation of the trader to another; null: nothing. */
export function obstacleTo(
  other: string,
  { aggregateId, view }: SocialContext,
  relation: "blocking" | "following or copying" = "following or copying",
): Refused | null {
  if (other === aggregateId) {
    return refused("OWN_RELATION", "nobody follows, blocks or copies oneself");
  }
  if (!view.profiles.has(other)) {
    return refused("TRADER_UNKNOWN", `there is no trader ${other}, or it has left`);
  }
  if (relation === "blocking" || !view.isBlocked(aggregateId, other)) return null;
  return refused("TRADER_BLOCKED", `${aggregateId} and ${other} are parted by a block`);
}

export function tooManyRelations(relation: string, limit: number): Refused {
  const detail = `the trader ${relation} ${limit} others already; end some first`;
  return refused("TOO_MANY_RELATIONS", detail, { limit });
}
