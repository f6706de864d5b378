import { idField } from "../../../../platform/fields/fields.ts";
import type { DecisionContext } from "../../../../platform/kernel/decider.ts";
import type { AggregateDefinition } from "../../../aggregate.ts";
import { commands, type StrategyCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { StrategyEvent } from "./events.ts";
import { gatherFacts, type StrategyFacts } from "./gather.ts";
import { refusals } from "./refusals.ts";
import { STATE_VERSION, type StrategyState } from "./state.ts";

/** A trading strategy: a document with its versions, its life and who may read it. */
export const strategy: AggregateDefinition<
  StrategyState,
  StrategyCommand,
  StrategyEvent,
  DecisionContext<StrategyFacts>
> = {
  context: "strategies",
  name: "strategy",
  collection: "strategies",
  topic: "strategies.events",
  id: idField(),
  idExample: "s-1",
  commands,
  owned: { isOwn: (actor, { state }) => state === null || state.owner === actor },
  decider,
  stateVersion: STATE_VERSION,
  refusals,
  facts: gatherFacts,
  fact: (state) => {
    if (state === null) return null;
    const { owner, visibility, document } = state;
    return { owner, visibility, document };
  },
};
