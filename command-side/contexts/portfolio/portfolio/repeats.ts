/** What the natural keys answer by themselves: open or closed, a portfolio knows what it recorded. */
import { accepted, type Decision, refused } from "../../../../platform/kernel/decider.ts";
import type { PortfolioCommand, RecordTrade } from "./commands.ts";
import type { PortfolioEvent } from "./events.ts";
import {
  fundsNaturalKey,
  isReversed,
  type KnownKeys,
  matchKey,
  type NaturalKey,
  tradeKey,
  tradeNaturalKey,
} from "./natural-keys.ts";
import { feeCurrencyOf } from "./trade-figures.ts";

type Decided = Decision<PortfolioEvent>;

/** The same again is accepted and adds nothing, other content is refused; `null`: it is new. */
export function answerRepeat(known: KnownKeys, command: PortfolioCommand): Decided | null {
  switch (command.type) {
    case "DepositFunds":
      return repeatedFunds(known, command.data, fundsNaturalKey("deposit", command.data));
    case "WithdrawFunds": {
      const key = fundsNaturalKey("withdrawal", { ...command.data, unitCost: null });
      return repeatedFunds(known, command.data, key);
    }
    case "RecordTrade":
      return repeatedTrade(known, command.data);
    case "ReverseTrade":
      return isReversed(known.get(tradeKey(command.data)) ?? "") ? duplicate() : null;
    case "OpenPortfolio":
    case "ClosePortfolio":
      return null;
  }
}

function repeatedFunds(
  known: KnownKeys,
  { externalReference }: { readonly externalReference: string },
  key: NaturalKey,
): Decided | null {
  const match = matchKey(known, key);
  if (match === "new") return null;
  if (match === "same") return duplicate();
  return refused(
    "EXTERNAL_REFERENCE_CONFLICT",
    `the external reference ${externalReference} is recorded with other content`,
    { externalReference },
  );
}

function repeatedTrade(known: KnownKeys, data: RecordTrade["data"]): Decided | null {
  const { instrumentId, tradeId, liquidity } = data;
  const content = { ...data, feeCurrency: feeCurrencyOf(data), liquidity: liquidity ?? "" };
  const match = matchKey(known, tradeNaturalKey(content, data.occurredAt));
  if (match === "new") return null;
  if (match === "same") return duplicate();
  return refused(
    "TRADE_ID_CONFLICT",
    `trade ${tradeId} of ${instrumentId} is recorded with other content; reverse it to correct it`,
    { instrumentId, tradeId },
  );
}

function duplicate(): Decided {
  return accepted<PortfolioEvent>([], { duplicate: true });
}
