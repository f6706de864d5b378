import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { decimalText } from "../../platform/kernel/decimal.ts";
import type {
  FundsDeposited,
  FundsWithdrawn,
  HoldingAfter,
  Lot,
  LotsConsumed,
  PortfolioEvent,
  Posting,
  TradeRecorded,
  TradeReversed,
} from "../../schemas/generated/portfolio.ts";
import { optionalDecimalText } from "../runner/column-text.ts";
import type { Change, Projection, Row } from "../runner/projection.ts";
import { tables } from "./store.ts";

/** Portfolios with their holdings, lots, ledger, trades and realised profit. */
export const portfolios: Projection<PortfolioEvent> = {
  name: "portfolios",
  version: 2,
  // Rows know where they began.
  changes: { since: 1, differs: [] },
  topics: ["portfolio.events"],
  tables,
  project(recorded) {
    const { aggregateId: portfolioId, sequence, event } = recorded;
    const version: Change = {
      table: "versions",
      row: { portfolioId, version: sequence, changedAtMs: event.occurredAtMs },
    };
    return [...changesOf(recorded), version];
  },
};

function changesOf({ aggregateId, sequence, event }: RecordedEvent<PortfolioEvent>): Change[] {
  const { occurredAtMs } = event;
  const at: Place = { portfolioId: aggregateId, sequence, occurredAtMs };
  switch (event.type) {
    case "PortfolioOpened": {
      const { owner, name, baseCurrency, costMethod } = event.data;
      const row = { owner, name, baseCurrency, costMethod, openedAtMs: occurredAtMs };
      return [{ table: "portfolios", row: { portfolioId: at.portfolioId, ...row } }];
    }
    case "PortfolioClosed": {
      const row = { reason: event.data.reason, closedAtMs: occurredAtMs };
      return [{ table: "closings", row: { portfolioId: at.portfolioId, ...row } }];
    }
    case "FundsDeposited":
      return [deposit(at, event.data), ...figures(at, event.type, event.data)];
    case "FundsWithdrawn":
      return [withdrawal(at, event.data), ...figures(at, event.type, event.data)];
    case "TradeRecorded":
      return [...trade(at, event.data), ...figures(at, event.type, event.data)];
    case "TradeReversed":
      return [...reversal(at, event.data), ...figures(at, event.type, event.data)];
  }
}

interface Place {
  readonly portfolioId: string;
  readonly sequence: number;
  readonly occurredAtMs: number;
}

/** What every event that moves an asset carries. */
interface Figures {
  readonly holdings: readonly HoldingAfter[];
  readonly lotsOpened: readonly Lot[];
  readonly lotsConsumed: readonly LotsConsumed[];
  readonly postings: readonly Posting[];
  readonly externalReference?: string;
  readonly tradeId?: string;
}

function figures(at: Place, eventType: string, data: Figures): Change[] {
  const reference = data.tradeId ?? data.externalReference ?? "";
  return [
    ...data.holdings.map((holding) => holdingChange(at, holding)),
    ...data.lotsOpened.map((lot) => lotChange(at, lot)),
    ...data.lotsConsumed.map((consumed) => consumption(at, consumed)),
    ...data.postings.map(({ account, asset, balance }) => ({
      table: "accounts",
      row: { portfolioId: at.portfolioId, account, asset, balance: decimalText(balance) },
    })),
    ...data.postings.map((posting, index) => ({
      table: "ledger",
      row: { ...ledgerRow(at, posting, index), eventType, reference },
    })),
  ];
}

function holdingChange({ portfolioId, occurredAtMs }: Place, holding: HoldingAfter): Change {
  return {
    table: "holdings",
    row: {
      portfolioId,
      asset: holding.asset,
      quantity: decimalText(holding.quantity),
      cost: decimalText(holding.cost),
      grossCost: decimalText(holding.grossCost),
      realisedNet: decimalText(holding.realisedNet),
      realisedGross: decimalText(holding.realisedGross),
      firstOpenLot: holding.firstOpenLot,
      firstOpenLotQuantity: decimalText(holding.firstOpenLotQuantity),
      firstOpenLotCost: decimalText(holding.firstOpenLotCost),
      firstOpenLotGrossCost: decimalText(holding.firstOpenLotGrossCost),
      basisAssumed: holding.basisAssumed,
      changedAtMs: occurredAtMs,
    },
  };
}

function lotChange({ portfolioId, sequence }: Place, lot: Lot): Change {
  return {
    table: "lots",
    row: {
      portfolioId,
      asset: lot.asset,
      lot: lot.lot,
      quantity: decimalText(lot.quantity),
      cost: decimalText(lot.cost),
      grossCost: decimalText(lot.grossCost),
      acquiredMs: lot.acquiredMs,
      basisAssumed: lot.basisAssumed,
      openedBySequence: sequence,
    },
  };
}

function consumption({ portfolioId, sequence, occurredAtMs }: Place, used: LotsConsumed): Change {
  return {
    table: "consumptions",
    row: {
      portfolioId,
      sequence,
      asset: used.asset,
      firstLot: used.firstLot,
      lastLot: used.lastLot,
      quantity: decimalText(used.quantity),
      cost: decimalText(used.cost),
      grossCost: decimalText(used.grossCost),
      occurredAtMs,
    },
  };
}

function ledgerRow(
  { portfolioId, sequence, occurredAtMs }: Place,
  posting: Posting,
  index: number,
): Row {
  return {
    portfolioId,
    sequence,
    posting: index,
    account: posting.account,
    asset: posting.asset,
    amount: decimalText(posting.amount),
    balance: decimalText(posting.balance),
    occurredAtMs,
  };
}

function deposit({ portfolioId, sequence, occurredAtMs }: Place, data: FundsDeposited): Change {
  const { asset, externalReference, basisAssumed } = data;
  const amount = decimalText(data.amount);
  const unitCost = optionalDecimalText(data.unitCost);
  const row = { kind: "deposit", asset, amount, unitCost, externalReference, basisAssumed };
  return { table: "transfers", row: { portfolioId, sequence, ...row, occurredAtMs } };
}

function withdrawal({ portfolioId, sequence, occurredAtMs }: Place, data: FundsWithdrawn): Change {
  const { asset, externalReference } = data;
  const amount = decimalText(data.amount);
  const row = { kind: "withdrawal", asset, amount, unitCost: null, externalReference };
  const more = { basisAssumed: false, occurredAtMs };
  return { table: "transfers", row: { portfolioId, sequence, ...row, ...more } };
}

function trade({ portfolioId, sequence, occurredAtMs }: Place, data: TradeRecorded): Change[] {
  const row: Row = {
    portfolioId,
    tradeNumber: data.tradeNumber,
    sequence,
    instrumentId: data.instrumentId,
    exchange: data.exchange,
    base: data.base,
    quote: data.quote,
    tradeId: data.tradeId,
    side: data.side,
    price: decimalText(data.price),
    quantity: decimalText(data.quantity),
    quoteAmount: decimalText(data.quoteAmount),
    fee: decimalText(data.fee),
    feeCurrency: data.feeCurrency,
    feeRate: optionalDecimalText(data.feeRate),
    quoteRate: optionalDecimalText(data.quoteRate),
    liquidity: data.liquidity,
    strategyId: data.strategyId,
    copiedFrom: data.copiedFrom,
    effect: data.effect,
    realisedNet: decimalText(data.realisedNet),
    realisedGross: decimalText(data.realisedGross),
    basis: decimalText(data.basis),
    feeValue: optionalDecimalText(data.feeValue),
    feeRealised: decimalText(data.feeRealised),
    valued: data.valued,
    assumedBase: decimalText(data.assumedBase),
    assumedQuote: decimalText(data.assumedQuote),
    assumedFee: decimalText(data.assumedFee),
    outOfOrder: data.outOfOrder,
    occurredAtMs,
  };
  const currency = { portfolioId, asset: data.quote };
  return [
    { table: "trades", row },
    { table: "currencies", row: currency },
  ];
}

function reversal({ portfolioId, occurredAtMs }: Place, data: TradeReversed): Change[] {
  const row: Row = {
    portfolioId,
    tradeNumber: data.tradeNumber,
    instrumentId: data.instrumentId,
    reason: data.reason,
    realisedNet: decimalText(data.realisedNet),
    realisedGross: decimalText(data.realisedGross),
    feeRealised: decimalText(data.feeRealised),
    occurredAtMs,
  };
  const removed = data.lotsRemoved.map(({ asset, lot }): Change => {
    return { table: "lots", row: { portfolioId, asset, lot }, deleted: true };
  });
  return [{ table: "reversals", row }, ...removed];
}
