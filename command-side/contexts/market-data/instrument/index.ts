import type { AggregateDefinition } from "../../../aggregate.ts";
import { commands, type InstrumentCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { InstrumentEvent } from "./events.ts";
import { instrumentIdField } from "./instrument-id.ts";
import { refusals } from "./refusals.ts";
import { freezing, type InstrumentState, STATE_VERSION } from "./state.ts";

/** One tradable thing of one exchange: its listing, its ticks and the candles decided of them. */
export const instrument: AggregateDefinition<InstrumentState, InstrumentCommand, InstrumentEvent> =
  {
    context: "market-data",
    name: "instrument",
    collection: "instruments",
    topic: "market.events",
    id: instrumentIdField(),
    idExample: "binance:BTC-USDT",
    commands,
    owned: "by nobody",
    decider,
    stateVersion: STATE_VERSION,
    freezing,
    refusals,
    fact: (state) => {
      if (state.status === "not registered") return null;
      return { delistedFromMs: state.delisting?.effectiveMs ?? null, ...state.steps };
    },
    selfProtecting: ["TicksRecorded", "CandleClosed"],
  };
