import {
  type Decider,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import { changeListing, declareBackfillRange, register } from "./change-listing.ts";
import { closeCandles } from "./close-minutes.ts";
import type { InstrumentCommand } from "./commands.ts";
import type { InstrumentEvent } from "./events.ts";
import { recordTicks } from "./record-ticks.ts";
import { reviseCandle } from "./revise-candle.ts";
import { evolve, type InstrumentState, initialState } from "./state.ts";

export const decider: Decider<InstrumentState, InstrumentCommand, InstrumentEvent> = {
  initialState,
  evolve,
  decide(state, command, context): Decision<InstrumentEvent> {
    if (command.type === "RegisterInstrument") return register(state, command, context);
    if (state.status !== "registered") return notRegistered(context);
    switch (command.type) {
      case "RecordTicks":
        return recordTicks(state, command, context);
      case "CloseCandles":
        return closeCandles(state, command, context);
      case "ReviseCandle":
        return reviseCandle(state, command);
      case "DeclareBackfillRange":
        return declareBackfillRange(state, command, context);
      default:
        return changeListing(state, command, context);
    }
  },
};

function notRegistered({ aggregateId }: DecisionContext): Decision<InstrumentEvent> {
  return refused("INSTRUMENT_NOT_REGISTERED", `${aggregateId} is not registered`);
}
