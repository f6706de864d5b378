import type { CommandLine } from "../cli/command-line.ts";
import { createRandom, type Random } from "../cli/demo/random.ts";

/** How many of each there are before anything is measured. */
export const POPULATION = {
  instruments: 20,
  portfolios: 500,
  tradesOfPortfolio: 20,
  strategies: 500,
  traders: 1_000,
  followsOfTrader: 20,
  copies: 200,
  historyMinutes: 24 * 60,
  ticksOfMinute: 14,
} as const;

/** The last traders let others copy, and the first copy them. */
const COPIED_TRADERS = 20;
const ASSETS_OF_PORTFOLIO = 5;
const SEED = 20_261_127;
const MINUTE_MS = 60_000;
const EXCHANGE = "bench";

/** The ids of the population by their number. */
export const ids = {
  instrument: (number: number) => `${EXCHANGE}:${coin(number)}-USDT`,
  portfolio: (number: number) => `p-${number}`,
  strategy: (number: number) => `s-${number}`,
  trader: (number: number) => `t-${number}`,
};

/** Instruments, portfolios with cash, traders and strategies: what the others need. */
export function founding(): CommandLine[] {
  return [
    ...times(POPULATION.instruments, registerInstrument),
    ...times(POPULATION.portfolios, openPortfolio).flat(),
    ...times(POPULATION.traders, registerTrader),
    ...times(POPULATION.strategies, (i) => strategyCommand(i, "CreateStrategy", 70)),
  ];
}

/** Trades, limits, follows, copies and second versions; `nowMs` is when the last trade was. */
export function history(nowMs: number): CommandLine[] {
  const random = createRandom(SEED);
  const { instruments, portfolios, tradesOfPortfolio, traders, followsOfTrader } = POPULATION;
  return [
    ...times(portfolios * tradesOfPortfolio, (i) => {
      const occurredAt = nowMs - (portfolios * tradesOfPortfolio - i) * 100;
      const portfolio = i % portfolios;
      const isFirst = i < portfolios * ASSETS_OF_PORTFOLIO;
      const round = Math.floor(i / portfolios);
      const instrument = (portfolio + (round % ASSETS_OF_PORTFOLIO)) % instruments;
      const quantity = isFirst ? "10" : "0.5";
      const side = isFirst || random.chance(0.5) ? "buy" : "sell";
      return tradeCommand({ portfolio, instrument, side, quantity, occurredAt, tradeId: `h-${i}` });
    }),
    ...times(portfolios, limitsOf).flat(),
    ...times(traders * followsOfTrader, (i) => {
      const leader = Math.floor(random.uniform() ** 2 * traders);
      const follower = i % traders;
      return relation(follower, "FollowTrader", {
        leader: ids.trader(leader === follower ? (leader + 1) % traders : leader),
      });
    }),
    ...times(POPULATION.copies, (i) => copyCommand(i, "StartCopying", "100")),
    ...times(POPULATION.strategies, (i) => strategyCommand(i, "ReviseStrategy", 50 + (i % 20))),
  ];
}

/** A day of trades of every instrument up to `nowMs`, as lines of ticks. */
export async function* historyTicks(nowMs: number): AsyncGenerator<string> {
  const { historyMinutes, ticksOfMinute, instruments } = POPULATION;
  const stepMs = Math.floor(MINUTE_MS / ticksOfMinute);
  const count = historyMinutes * ticksOfMinute;
  for (let i = 0; i < count; i += 1) {
    const timestamp = nowMs - (count - i) * stepMs;
    for (let instrument = 0; instrument < instruments; instrument += 1) {
      yield tickText(instrument, i + 1, timestamp);
    }
  }
}

/** Minutes that are over; the running one belongs to the live ticks. */
export function closeCandles(nowMs: number): CommandLine[] {
  const upTo = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  return times(POPULATION.instruments, (i) => {
    return { aggregate: "instrument", id: ids.instrument(i), type: "CloseCandles", data: { upTo } };
  });
}

/** `tradeId` rises within the instrument. */
export function tickText(instrument: number, tradeId: number, timestamp: number): string {
  const price = `${100 * (instrument + 1) + (tradeId % 7)}.${10 + (tradeId % 89)}`;
  const side = tradeId % 3 === 0 ? "sell" : "buy";
  const told = { exchange: EXCHANGE, symbol: `${coin(instrument)}USDT`, price, timestamp, tradeId };
  return JSON.stringify({ ...told, volume: `0.${(tradeId % 89) + 10}`, side });
}

export interface Trade {
  readonly portfolio: number;
  readonly instrument: number;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly tradeId: string;
  readonly occurredAt: number;
}

export function tradeCommand({ portfolio, instrument, ...fill }: Trade): CommandLine {
  const price = `${100 * (instrument + 1) + 3}.25`;
  const costs = { price, fee: "0.075", feeCurrency: "USDT" };
  const data = { instrumentId: ids.instrument(instrument), ...costs, ...fill };
  return { aggregate: "portfolio", id: ids.portfolio(portfolio), type: "RecordTrade", data };
}

/** An instrument of which the portfolio holds something from its first trades on. */
export function heldInstrument(portfolio: number, random: Random): number {
  return (portfolio + random.integer(0, ASSETS_OF_PORTFOLIO - 1)) % POPULATION.instruments;
}

export function strategyCommand(number: number, type: string, threshold: number): CommandLine {
  const data = {
    name: `Strategy ${number} above ${threshold}`,
    type: number % 2 === 0 ? "momentum" : "mean-reversion",
    rules: [{ indicator: "RSI", condition: `above_${threshold}`, action: "sell" }],
    risk_profile: { max_loss: 0.05, volatility: 0.2 },
    instruments: [ids.instrument(number % POPULATION.instruments)],
    interval: "5m",
    portfolio: ids.portfolio(number % POPULATION.portfolios),
    tags: [`tag-${number % 10}`],
  };
  return { aggregate: "strategy", id: ids.strategy(number), type, data };
}

/** Of the copy relation of this number, from 0 to `POPULATION.copies`. */
export function copyCommand(number: number, type: string, allocation: string): CommandLine {
  const leader = ids.trader(POPULATION.traders - 1 - (number % COPIED_TRADERS));
  return relation(number, type, { leader, portfolioId: ids.portfolio(number), allocation });
}

export function relation(trader: number, type: string, data: CommandLine["data"]): CommandLine {
  return { aggregate: "trader", id: ids.trader(trader), type, data };
}

export function limitCommand(portfolio: number, kind: string, limit: string): CommandLine {
  const data = { kind, limit };
  return { aggregate: "risk-book", id: ids.portfolio(portfolio), type: "SetRiskLimit", data };
}

/** Some are near their limit and some beyond it. */
function limitsOf(portfolio: number): CommandLine[] {
  return [
    limitCommand(portfolio, "drawdown", "0.2"),
    limitCommand(portfolio, "gross_exposure", String(20_000 + portfolio * 200)),
    limitCommand(portfolio, "position_notional", String(10_000 + portfolio * 100)),
  ];
}

function registerInstrument(number: number): CommandLine {
  const listing = { exchange: EXCHANGE, symbol: `${coin(number)}USDT`, base: coin(number) };
  const data = { ...listing, quote: "USDT", priceStep: "0.01", quantityStep: "0.01" };
  return { aggregate: "instrument", id: ids.instrument(number), type: "RegisterInstrument", data };
}

function openPortfolio(number: number): CommandLine[] {
  const of = { aggregate: "portfolio", id: ids.portfolio(number) };
  const costMethod = number % 2 === 0 ? "average" : "fifo";
  const name = `Portfolio ${number}`;
  const opened = { name, owner: ids.trader(number), baseCurrency: "USDT", costMethod };
  const funds = { asset: "USDT", amount: "1000000", externalReference: "start" };
  return [
    { ...of, type: "OpenPortfolio", data: opened },
    { ...of, type: "DepositFunds", data: funds },
  ];
}

function registerTrader(number: number): CommandLine {
  const acceptsCopiers = number >= POPULATION.traders - COPIED_TRADERS;
  return relation(number, "RegisterTrader", { handle: `bench_${number}`, acceptsCopiers });
}

function coin(number: number): string {
  return `COIN${number}`;
}

function times<T>(count: number, make: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, number) => make(number));
}
