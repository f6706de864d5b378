import type { Fact, FactReader, InstrumentFact, PortfolioFact } from "../../../facts.ts";
import type { RiskCommand } from "./commands.ts";

/** What of other aggregates a command of a risk book is decided with; null: it was not asked for. */
export interface RiskFacts {
  readonly portfolio: Fact<PortfolioFact> | null;
  readonly instrument: Fact<InstrumentFact> | null;
}

const NO_FACTS: RiskFacts = { portfolio: null, instrument: null };

export async function gatherFacts(
  { command, aggregateId }: { readonly command: RiskCommand; readonly aggregateId: string },
  read: FactReader,
): Promise<RiskFacts> {
  switch (command.type) {
    case "SetRiskLimit":
    case "SetTradingState":
      return { portfolio: await read("portfolio", aggregateId), instrument: null };
    case "CheckOrder": {
      const [portfolio, instrument] = await Promise.all([
        read("portfolio", aggregateId),
        read("instrument", command.data.instrumentId),
      ]);
      return { portfolio, instrument };
    }
    default:
      return NO_FACTS;
  }
}
