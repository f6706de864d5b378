import { z } from "zod";
import type { DecisionContext } from "../../../../platform/kernel/decider.ts";
import type { AggregateDefinition } from "../../../aggregate.ts";
import { commands, type RiskCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { RiskEvent } from "./events.ts";
import { gatherFacts, type RiskFacts } from "./facts.ts";
import { refusals } from "./refusals.ts";
import { type RiskBook, STATE_VERSION } from "./state.ts";

/** Limits, trading state and course of one portfolio; its id is the portfolio's. */
export const riskBook: AggregateDefinition<
  RiskBook,
  RiskCommand,
  RiskEvent,
  DecisionContext<RiskFacts>
> = {
  context: "risk",
  name: "risk-book",
  collection: "risk-books",
  topic: "risk.events",
  id: z.string().regex(/^[A-Za-z0-9._~:-]{1,100}$/, {
    error: "must be 1 to 100 letters, digits and . _ ~ : -",
  }),
  idExample: "p-1",
  commands,
  owned: { isOwn: (actor, { facts }) => facts.portfolio?.value?.owner === actor },
  decider,
  stateVersion: STATE_VERSION,
  refusals,
  facts: gatherFacts,
  fact: ({ limits, tradingState }) => ({ limits: limits.size, tradingState }),
};
