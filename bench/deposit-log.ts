import type { AggregateDefinition } from "../command-side/aggregate.ts";
import { portfolio as definition } from "../command-side/contexts/portfolio/portfolio/index.ts";
import { decimal } from "../platform/kernel/decimal.ts";
import type { LogPlace } from "../platform/log/places.ts";
import { Life, LifeWriter, openLogAlone, type PlainCommand } from "./lives.ts";

/** As the registry has it: commands and states of any aggregate. */
export const portfolio: AggregateDefinition = definition;
export const EVENTS_OF_A_PORTFOLIO = 1_000;

export function portfolioId(number: number): string {
  return `bench-${number}`;
}

/** Writes so many events into a log that has none of them: portfolios with deposits. */
export async function fillWithDeposits(place: LogPlace, events: number): Promise<void> {
  const { log, codec, close } = await openLogAlone(place);
  // Of every portfolio the same: its id stands in no event.
  const life = new Life(portfolio, "bench").events(commandsOfALife(), Date.now());
  const writer = await LifeWriter.claim(portfolio.topic, { log, codec });
  for (let number = 0; number < events / EVENTS_OF_A_PORTFOLIO; number += 1) {
    await writer.append(portfolioId(number), life);
  }
  await close();
}

function commandsOfALife(): readonly PlainCommand[] {
  const opened = { name: "Bench", baseCurrency: "USDT", costMethod: "average", traderId: null };
  const deposits = Array.from({ length: EVENTS_OF_A_PORTFOLIO - 1 }, (_, number) => {
    const funds = { asset: "USDT", amount: decimal("1000.5"), unitCost: null };
    return { type: "DepositFunds", data: { ...funds, externalReference: `deposit-${number}` } };
  });
  return [{ type: "OpenPortfolio", data: opened }, ...deposits];
}
