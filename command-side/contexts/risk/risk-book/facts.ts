import type { Fact, FactReader, InstrumentFact, PortfolioFact } from "../../../facts.ts";
import type { RiskCommand } from "./commands.ts";

/**
 * What of other aggregates a command of a risk book is decided with; null: it was not asked for.
 * The portfolio says whether it is open, and whose the risk book is.
 */
export interface RiskFacts {
  readonly portfolio: Fact<PortfolioFact> | null;
  readonly instrument: Fact<InstrumentFact> | null;
}

const NO_FACTS: RiskFacts = { portfolio: null, instrument: null };

export async function gatherFacts(
  { command, aggregateId }: { readonly command: RiskCommand; readonly aggregateId: string },
  read: FactReader,
): Promise<RiskFacts> {
  // What process managers send carries all that it is decided with.
  if (command.type === "AssessRisk") return NO_FACTS;
  const [portfolio, instrument] = await Promise.all([
    read("portfolio", aggregateId),
    command.type === "CheckOrder" ? read("instrument", command.data.instrumentId) : null,
  ]);
  return { portfolio, instrument };
}
