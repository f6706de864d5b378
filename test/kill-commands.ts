import { v4 as uuid } from "uuid";
import type { Random } from "../cli/demo/random.ts";

/** Aggregates that the clients send commands to, by their collection. */
export const collections = {
  portfolio: "portfolios",
  trader: "traders",
  strategy: "strategies",
} as const;

/** A command of one of these, made up. */
export interface MadeCommand {
  readonly aggregate: keyof typeof collections;
  readonly aggregateId: string;
  readonly commandId: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const PORTFOLIOS = 20;
const TRADERS = 400;
const STRATEGIES = 600;
const TRADE_MS = 1_700_000_000_000;

/** What every portfolio begins with. */
export function openings(): readonly MadeCommand[] {
  return Array.from({ length: PORTFOLIOS }, (_, index): MadeCommand => {
    const costMethod = index % 2 === 0 ? "average" : "fifo";
    const data = { name: `Portfolio ${index + 1}`, costMethod };
    const aggregateId = `p-${index + 1}`;
    return { aggregate: "portfolio", aggregateId, commandId: uuid(), type: "OpenPortfolio", data };
  });
}

/** Of any context; many are refused, for nothing that they need was done before. */
export function madeCommand(random: Random): MadeCommand {
  const kind = random.uniform();
  if (kind < 0.6) return portfolioCommand(random);
  return kind < 0.85 ? traderCommand(random) : strategyCommand(random);
}

function portfolioCommand(random: Random): MadeCommand {
  const commandId = uuid();
  const of = { aggregate: "portfolio", aggregateId: `p-${random.integer(1, PORTFOLIOS)}` } as const;
  const kind = random.uniform();
  if (kind < 0.4) {
    const data = { asset: "USDT", amount: "500", externalReference: `in-${commandId}` };
    return { ...of, commandId, type: "DepositFunds", data };
  }
  if (kind < 0.6) {
    const data = { asset: "USDT", amount: "90", externalReference: `out-${commandId}` };
    return { ...of, commandId, type: "WithdrawFunds", data };
  }
  const side = random.chance(0.6) ? "buy" : "sell";
  const figures = { price: "100.5", quantity: "0.75", fee: "0.075", feeCurrency: "USDT" };
  const identity = { instrumentId: "binance:BTC-USDT", tradeId: commandId, side };
  const data = { ...identity, ...figures, occurredAt: TRADE_MS };
  return { ...of, commandId, type: "RecordTrade", data };
}

function traderCommand(random: Random): MadeCommand {
  const commandId = uuid();
  const number = random.integer(1, TRADERS);
  const of = { aggregate: "trader", aggregateId: `t-${number}`, commandId } as const;
  const other = `t-${random.integer(1, TRADERS)}`;
  const kind = random.uniform();
  if (kind < 0.4) return { ...of, type: "RegisterTrader", data: { handle: `trader_${number}` } };
  if (kind < 0.8) return { ...of, type: "FollowTrader", data: { leader: other } };
  if (kind < 0.9) return { ...of, type: "UnfollowTrader", data: { leader: other } };
  return { ...of, type: "BlockTrader", data: { blocked: other } };
}

function strategyCommand(random: Random): MadeCommand {
  const commandId = uuid();
  const aggregateId = `s-${random.integer(1, STRATEGIES)}`;
  const threshold = random.integer(50, 95);
  const rules = [{ indicator: "RSI", condition: `above_${threshold}`, action: "sell" }];
  const profile = { max_loss: 0.05, volatility: 0.2 };
  const data = { name: `Above ${threshold}`, type: "momentum", rules, risk_profile: profile };
  const type = random.chance(0.5) ? "CreateStrategy" : "ReviseStrategy";
  return { aggregate: "strategy", aggregateId, commandId, type, data };
}
