import type { RecordedEvent } from "../../../platform/codec/envelope.ts";
import { decimalText } from "../../../platform/kernel/decimal.ts";
import { minuteOf } from "../../../platform/market/interval.ts";
import { isLate } from "../../../platform/market/tick-order.ts";
import type { Change, Projection } from "../../../projections/runner/projection.ts";
import type { MarketDataEvent, TicksRecorded } from "../../../schemas/generated/market-data.ts";
import type {
  HoldingAfter,
  PortfolioEvent,
  Posting,
} from "../../../schemas/generated/portfolio.ts";
import { causeRow } from "../manager.ts";
import { tables } from "./tables.ts";

type Fact = MarketDataEvent | PortfolioEvent;

/** Holdings, flows and prices, and what has to be assessed because of an event. */
export const riskAssessment: Projection<Fact> = {
  name: "risk-assessment",
  version: 1,
  topics: ["portfolio.events", "market.events"],
  tables,
  project(recorded) {
    if (recorded.topic === "market.events") return marketChanges(recorded);
    const { aggregateId: portfolioId, sequence } = recorded;
    return [
      ...portfolioChanges(portfolioId, recorded.event),
      { table: "versions", row: { portfolioId, sequence } },
      { table: "duePortfolios", row: { portfolioId, sequence, ...causeRow(recorded) } },
    ];
  },
};

function portfolioChanges(portfolioId: string, event: Fact): Change[] {
  switch (event.type) {
    case "PortfolioOpened": {
      const { baseCurrency } = event.data;
      return [{ table: "portfolios", row: { portfolioId, baseCurrency } }];
    }
    case "FundsDeposited":
    case "FundsWithdrawn":
    case "TradeRecorded":
    case "TradeReversed":
      return [
        ...event.data.holdings.map((holding) => holdingChange(portfolioId, holding)),
        ...event.data.postings.flatMap((posting) => flowChange(portfolioId, posting)),
      ];
    default:
      return [];
  }
}

function holdingChange(portfolioId: string, { asset, quantity }: HoldingAfter): Change {
  const key = { portfolioId, asset };
  if (quantity.isZero()) return { table: "holdings", row: key, deleted: true };
  return { table: "holdings", row: { ...key, quantity: decimalText(quantity) } };
}

/** What was deposited stands as a negative balance of the account of deposits. */
function flowChange(portfolioId: string, { account, asset, balance }: Posting): Change[] {
  if (account !== `equity:deposits:${asset}`) return [];
  return [{ table: "flows", row: { portfolioId, asset, net: decimalText(balance.negated()) } }];
}

function marketChanges(recorded: RecordedEvent<Fact>): Change[] {
  const { aggregateId: instrumentId, event } = recorded;
  switch (event.type) {
    case "InstrumentRegistered": {
      const { base, quote, kind } = event.data;
      // Events of the first version say no kind; they were of spot instruments.
      if (kind !== "spot" && kind !== "") return [];
      return [{ table: "instruments", row: { instrumentId, base, quote } }];
    }
    case "TicksRecorded":
      return priceChanges(recorded, event.data);
    case "CandleClosed":
      if (event.data.cause !== "command") return [];
      return [{ table: "dueImports", row: { instrumentId, ...causeRow(recorded) } }];
    default:
      return [];
  }
}

/** A tick that is not late is never earlier than the instrument's latest. */
function priceChanges(recorded: RecordedEvent<Fact>, { ticks, source }: TicksRecorded): Change[] {
  const { aggregateId: instrumentId } = recorded;
  const inOrder = ticks.filter(({ ordinal }) => !isLate(ordinal));
  const last = inOrder.at(-1);
  if (last === undefined) return [];
  const row = { price: decimalText(last.price), atMs: last.timeMs };
  const minutes = source === "live" ? new Set(inOrder.map(({ timeMs }) => minuteOf(timeMs))) : [];
  return [
    { table: "prices", row: { instrumentId, ...row } },
    ...[...minutes].map((openTimeMs) => ({
      table: "dueMinutes",
      row: { openTimeMs, instrumentId, ...causeRow(recorded) },
    })),
  ];
}
