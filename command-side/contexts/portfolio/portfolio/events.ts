export type {
  CostMethod,
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
