import { idField } from "../../../../platform/fields/fields.ts";
import type { AggregateDefinition } from "../../../aggregate.ts";
import { commands, type TraderCommand } from "./commands.ts";
import { decider, type SocialContext } from "./decide.ts";
import type { TraderEvent } from "./events.ts";
import { refusals } from "./refusals.ts";
import { STATE_VERSION, type TraderState } from "./state.ts";
import { view } from "./view.ts";

/** Who trades here, and who follows, blocks and copies whom. */
export const trader: AggregateDefinition<TraderState, TraderCommand, TraderEvent, SocialContext> = {
  context: "social",
  name: "trader",
  collection: "traders",
  topic: "social.events",
  id: idField(),
  idExample: "t-1",
  commands,
  owned: { isOwn: (actor, { aggregateId }) => actor === aggregateId },
  decider,
  view,
  facts: async ({ command }, read) => {
    if (command.type !== "StartCopying" && command.type !== "AdjustCopy") return null;
    return { portfolio: await read("portfolio", command.data.portfolioId) };
  },
  stateVersion: STATE_VERSION,
  refusals,
};
