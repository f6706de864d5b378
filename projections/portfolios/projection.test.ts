import { expect } from "chai";
import { decimal, ZERO } from "../../platform/kernel/decimal.ts";
import type {
  HoldingAfter,
  Lot,
  PortfolioEvent,
  Posting,
  TradeRecorded,
  TradeReversed,
} from "../../schemas/generated/portfolio.ts";
import { assertDeclared, changesTo, recorded } from "../runner/recorded.fixture.ts";
import { portfolios } from "./projection.ts";

const ID = "p-1";
const TIME_MS = 1_723_161_255_342;

const holding: HoldingAfter = {
  asset: "BTC",
  quantity: decimal("0.5"),
  cost: decimal("30003"),
  grossCost: decimal("30000"),
  realisedNet: decimal("-3"),
  realisedGross: ZERO,
  firstOpenLot: 4,
  firstOpenLotQuantity: decimal("0.25"),
  firstOpenLotCost: decimal("15001.5"),
  firstOpenLotGrossCost: decimal("15000"),
  basisAssumed: false,
};

const lot: Lot = {
  asset: "BTC",
  lot: 5,
  quantity: decimal("0.25"),
  cost: decimal("15001.5"),
  grossCost: decimal("15000"),
  acquiredMs: TIME_MS,
  basisAssumed: true,
};

const consumed = {
  asset: "BTC",
  firstLot: 2,
  lastLot: 4,
  quantity: decimal("0.1"),
  cost: decimal("5000"),
  grossCost: decimal("4999"),
};

function posting(account: string, amount: string, balance: string): Posting {
  return { account, asset: "BTC", amount: decimal(amount), balance: decimal(balance) };
}

const figures = {
  holdings: [holding],
  lotsOpened: [lot],
  lotsConsumed: [consumed],
  postings: [posting("assets:BTC:free", "0.25", "0.5"), posting("trading:BTC", "-0.25", "-0.5")],
};

const trade: TradeRecorded = {
  instrumentId: "binance:BTC-USDT",
  exchange: "binance",
  base: "BTC",
  quote: "USDT",
  tradeId: "t-9",
  side: "buy",
  price: decimal("60000"),
  quantity: decimal("0.25"),
  quoteAmount: decimal("15000"),
  fee: decimal("1.5"),
  feeCurrency: "USDT",
  feeRate: null,
  quoteRate: null,
  liquidity: "taker",
  strategyId: null,
  copiedFrom: null,
  effect: "increased",
  realisedNet: ZERO,
  realisedGross: ZERO,
  basis: ZERO,
  feeValue: decimal("1.5"),
  feeRealised: ZERO,
  valued: true,
  assumedBase: ZERO,
  assumedQuote: ZERO,
  assumedFee: ZERO,
  outOfOrder: false,
  tradeNumber: 3,
  ...figures,
};

const reversal: TradeReversed = {
  instrumentId: "binance:BTC-USDT",
  exchange: "binance",
  tradeId: "t-9",
  tradeNumber: 3,
  reason: "entered twice",
  realisedNet: ZERO,
  realisedGross: ZERO,
  feeRealised: ZERO,
  lotsRemoved: [{ asset: "BTC", lot: 5 }],
  ...figures,
  lotsOpened: [],
};

function changes(event: PortfolioEvent, table: string) {
  return changesTo(portfolios, table, recorded(event, { aggregateId: ID, sequence: 12 }));
}

const traded: PortfolioEvent = { type: "TradeRecorded", data: trade, occurredAtMs: TIME_MS };
const reversed: PortfolioEvent = { type: "TradeReversed", data: reversal, occurredAtMs: TIME_MS };

describe("the projection of portfolios", () => {
  it("writes each holding as the event says it is afterwards", () => {
    const [change, ...others] = changes(traded, "holdings");
    expect(others).to.deep.equal([]);
    expect(change?.row).to.deep.equal({
      portfolioId: ID,
      asset: "BTC",
      quantity: "0.5",
      cost: "30003",
      grossCost: "30000",
      realisedNet: "-3",
      realisedGross: "0",
      firstOpenLot: 4,
      firstOpenLotQuantity: "0.25",
      firstOpenLotCost: "15001.5",
      firstOpenLotGrossCost: "15000",
      basisAssumed: false,
      changedAtMs: TIME_MS,
    });
  });

  it("writes every posting with its running balance, in order, and the accounts", () => {
    const ledger = changes(traded, "ledger").map(({ row }) => [
      row.posting,
      row.account,
      row.balance,
    ]);
    expect(ledger).to.deep.equal([
      [0, "assets:BTC:free", "0.5"],
      [1, "trading:BTC", "-0.5"],
    ]);
    const accounts = changes(traded, "accounts").map(({ row }) => [row.account, row.balance]);
    expect(accounts).to.deep.equal([
      ["assets:BTC:free", "0.5"],
      ["trading:BTC", "-0.5"],
    ]);
  });

  it("refers from the ledger to the trade or the movement", () => {
    expect(changes(traded, "ledger")[0]?.row.reference).to.equal("t-9");
    expect(changes(deposited(), "ledger")[0]?.row.reference).to.equal("bank-1");
  });

  it("opens lots, and removes those of a reversed trade", () => {
    expect(changes(traded, "lots")[0]?.row).to.include({ lot: 5, openedBySequence: 12 });
    expect(changes(reversed, "lots")).to.deep.equal([
      { table: "lots", row: { portfolioId: ID, asset: "BTC", lot: 5 }, deleted: true },
    ]);
  });

  it("leaves the trade as it was and writes its reversal beside it", () => {
    expect(changes(reversed, "trades")).to.deep.equal([]);
    expect(changes(reversed, "reversals")[0]?.row).to.include({
      tradeNumber: 3,
      reason: "entered twice",
    });
  });

  it("takes the quote currency of a trade for cash", () => {
    const row = { portfolioId: ID, asset: "USDT" };
    expect(changes(traded, "currencies")).to.deep.equal([{ table: "currencies", row }]);
  });

  it("keeps what the client did not say as null", () => {
    expect(changes(traded, "trades")[0]?.row).to.include({ feeRate: null, strategyId: null });
    expect(changes(deposited(), "transfers")[0]?.row).to.include({
      kind: "deposit",
      unitCost: null,
    });
  });

  it("raises the version with every event, whatever it is", () => {
    for (const event of everyEvent()) {
      const row = { portfolioId: ID, version: 12, changedAtMs: TIME_MS };
      expect(changes(event, "versions"), event.type).to.deep.equal([{ table: "versions", row }]);
    }
  });

  it("writes nothing that is not declared, and leaves nothing out", () => {
    for (const event of everyEvent()) {
      assertDeclared(portfolios, portfolios.project(recorded(event, { aggregateId: ID })));
    }
  });
});

function deposited(): PortfolioEvent {
  const amounts = { asset: "BTC", amount: decimal("1"), unitCost: null, basisAssumed: false };
  const data = { ...amounts, externalReference: "bank-1", ...figures };
  return { type: "FundsDeposited", data, occurredAtMs: TIME_MS };
}

function everyEvent(): readonly PortfolioEvent[] {
  const occurredAtMs = TIME_MS;
  const opened = { owner: null, name: "n", baseCurrency: "USDT", costMethod: "fifo" } as const;
  const withdrawn = { asset: "BTC", amount: decimal("1"), externalReference: "r", ...figures };
  return [
    { type: "PortfolioOpened", data: opened, occurredAtMs },
    deposited(),
    { type: "FundsWithdrawn", data: withdrawn, occurredAtMs },
    traded,
    reversed,
    { type: "PortfolioClosed", data: { reason: "done" }, occurredAtMs },
  ];
}
