export type {
  CostMethod,
  FundsDeposited,
  FundsWithdrawn,
  HoldingAfter,
  Lot,
  LotKey,
  LotsConsumed,
  PortfolioEvent,
  Posting,
  TradeRecorded,
  TradeReversed,
  TradeSide,
} from "../../../../schemas/generated/portfolio.ts";
