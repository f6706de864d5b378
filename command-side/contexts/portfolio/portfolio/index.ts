import { z } from "zod";
import { ZERO } from "../../../../platform/kernel/decimal.ts";
import type { AggregateDefinition } from "../../../aggregate.ts";
import type { PortfolioFact } from "../../../facts.ts";
import { commands, type PortfolioCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { PortfolioEvent } from "./events.ts";
import { holdingOf } from "./open-state.ts";
import { refusals } from "./refusals.ts";
import { type PortfolioState, STATE_VERSION } from "./state.ts";

const ID_PATTERN = /^[A-Za-z0-9._~:-]{1,100}$/;

/** Cash, holdings and lots of one portfolio, with their double-entry ledger. */
export const portfolio: AggregateDefinition<PortfolioState, PortfolioCommand, PortfolioEvent> = {
  context: "portfolio",
  name: "portfolio",
  collection: "portfolios",
  topic: "portfolio.events",
  id: z.string().regex(ID_PATTERN, {
    error: "must be 1 to 100 letters, digits and . _ ~ : -",
  }),
  idExample: "p-1",
  commands,
  owned: { isOwn: (actor, { state }) => state.status === "not opened" || state.owner === actor },
  decider,
  stateVersion: STATE_VERSION,
  refusals,
  fact: factOf,
};

function factOf(state: PortfolioState): PortfolioFact | null {
  if (state.status === "not opened") return null;
  const { owner } = state;
  if (state.status === "closed") {
    return { isOpen: false, owner, baseCurrency: null, cash: ZERO, holdings: [] };
  }
  const { baseCurrency } = state;
  const holdings = [...state.holdings.values()]
    .filter(({ quantity }) => !quantity.isZero())
    .map(({ asset, quantity }) => ({ asset, quantity }));
  const cash = holdingOf(state, baseCurrency).quantity;
  return { isOpen: true, owner, baseCurrency, cash, holdings };
}
