import type { AggregateDefinition } from "../../../aggregate.ts";
import { commands, type QuarantineTicks } from "./commands.ts";
import { decider } from "./decide.ts";
import type { QuarantineEvent } from "./events.ts";
import { quarantineIdField } from "./quarantine-id.ts";
import { type QuarantineState, STATE_VERSION } from "./state.ts";

/** Ticks of one exchange's symbol that could not be recorded: unknown, absurd, from the future. */
export const quarantine: AggregateDefinition<QuarantineState, QuarantineTicks, QuarantineEvent> = {
  context: "market-data",
  name: "quarantine",
  collection: "quarantines",
  topic: "market.quarantine",
  id: quarantineIdField(),
  idExample: "binance:NEWUSDT",
  commands,
  owned: "by nobody",
  decider,
  stateVersion: STATE_VERSION,
  refusals: {},
};
