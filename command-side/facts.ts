import { PlatformError } from "../platform/errors/catalogue.ts";
import type { Decimal } from "../platform/kernel/decimal.ts";
import type { PartitionRef } from "../platform/log/log.ts";
import type { AggregateDefinition } from "./aggregate.ts";
import type { CommandGateway, CommandOutcome, CommandRequest } from "./gateway.ts";

/**
 * What aggregates let others know of themselves, by the aggregate's name. A context adds its line
 * here, because contexts never import each other.
 */
export interface FactValues {
  readonly instrument: InstrumentFact;
  readonly portfolio: PortfolioFact;
  readonly strategy: StrategyFact;
  readonly "risk-book": RiskBookFact;
}

/** Limits that are set; what orders are let through. */
export interface RiskBookFact {
  readonly limits: number;
  readonly tradingState: string;
}

export interface InstrumentFact {
  /** Epoch ms; null: it is listed and no end is known. */
  readonly delistedFromMs: number | null;
  readonly priceStep: Decimal;
  readonly quantityStep: Decimal;
  readonly minQuantity: Decimal | null;
  readonly minNotional: Decimal | null;
}

export interface PortfolioFact {
  readonly isOpen: boolean;
  /** The trader it was opened for; null: nobody was named. */
  readonly owner: string | null;
  readonly baseCurrency: string | null;
  /** What is held of the base currency. */
  readonly cash: Decimal;
  /** What is held of every asset, the base currency too. */
  readonly holdings: readonly { readonly asset: string; readonly quantity: Decimal }[];
}

export interface StrategyFact {
  readonly owner: string;
  readonly visibility: string;
  /** The newest document, as JSON text. */
  readonly document: string;
}

/** A fact with where it was true: a check at that position, not an invariant. */
export interface Fact<Value> {
  /** null: there is no such aggregate. */
  readonly value: Value | null;
  /** The sequence of the aggregate's last event; 0 while it does not exist. */
  readonly version: number;
  readonly partition: PartitionRef;
  /** The next position of the partition when the fact was read. */
  readonly position: number;
}

/** Reads a fact of another aggregate; throws NOT_READY where nobody can tell it now. */
export type FactReader = <Name extends keyof FactValues>(
  aggregate: Name,
  aggregateId: string,
) => Promise<Fact<FactValues[Name]>>;

/** A gateway that asks for the facts of each command before it hands it on. */
export function withFacts(
  gateway: CommandGateway,
  aggregates: readonly AggregateDefinition[],
  read: FactReader,
): CommandGateway {
  const byName = new Map(aggregates.map((aggregate) => [aggregate.name, aggregate]));
  return {
    submit: async (request) => {
      const aggregate = byName.get(request.aggregate);
      if (aggregate?.facts === undefined) return gateway.submit(request);
      const facts = await gather(aggregate, request, read);
      return "outcome" in facts ? facts : gateway.submit({ ...request, facts: facts.value });
    },
  };
}

/** A source that cannot be reached is a failure to be tried again, never a missing fact. */
async function gather(
  aggregate: AggregateDefinition,
  { command, aggregateId, actor }: CommandRequest,
  read: FactReader,
): Promise<{ readonly value: unknown } | Extract<CommandOutcome, { outcome: "failed" }>> {
  try {
    return { value: await aggregate.facts?.({ command, aggregateId, actor }, read) };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { outcome: "failed", code: error.code, detail: error.message };
  }
}
