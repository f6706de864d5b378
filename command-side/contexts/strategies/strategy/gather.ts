import type {
  Fact,
  FactReader,
  InstrumentFact,
  PortfolioFact,
  RiskBookFact,
  StrategyFact,
} from "../../../facts.ts";
import type { StrategyCommand } from "./commands.ts";
import type { StrategyDocument } from "./document.ts";

/** What a strategy's command is decided with, of other aggregates. */
export interface StrategyFacts {
  /** Of a fork. */
  readonly source: Fact<StrategyFact> | null;
  /** At an activation the document whose instruments and portfolio were asked for. */
  readonly document: string | null;
  readonly instruments: readonly { readonly id: string; readonly fact: Fact<InstrumentFact> }[];
  readonly portfolio: Fact<PortfolioFact> | null;
  /** Of that portfolio. */
  readonly riskBook: Fact<RiskBookFact> | null;
}

export const NO_FACTS: StrategyFacts = {
  source: null,
  document: null,
  instruments: [],
  portfolio: null,
  riskBook: null,
};

export async function gatherFacts(
  { command, aggregateId }: { readonly command: StrategyCommand; readonly aggregateId: string },
  read: FactReader,
): Promise<StrategyFacts> {
  if (command.type === "ForkStrategy") {
    return { ...NO_FACTS, source: await read("strategy", command.data.source) };
  }
  if (command.type === "ReviseStrategy") return factsOf(command.data, null, read);
  if (command.type !== "ActivateStrategy") return NO_FACTS;
  const own = await read("strategy", aggregateId);
  if (own.value === null) return NO_FACTS;
  const { document } = own.value;
  return factsOf(JSON.parse(document) as StrategyDocument, document, read);
}

async function factsOf(
  { instruments = [], portfolio }: StrategyDocument,
  document: string | null,
  read: FactReader,
): Promise<StrategyFacts> {
  return {
    source: null,
    document,
    instruments: await Promise.all(
      instruments.map(async (id) => ({ id, fact: await read("instrument", id) })),
    ),
    portfolio: portfolio === undefined ? null : await read("portfolio", portfolio),
    riskBook: portfolio === undefined ? null : await read("risk-book", portfolio),
  };
}
