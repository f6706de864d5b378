import type { CommandLine } from "../cli/command-line.ts";
import { createRandom } from "../cli/demo/random.ts";
import {
  copyCommand,
  heldInstrument,
  ids,
  limitCommand,
  POPULATION,
  relation,
  strategyCommand,
  tradeCommand,
} from "./population.ts";

const SEED = 7;
/** Follows of the load that stand at a time; then the oldest ends with each new one. */
const FOLLOWS_KEPT = 500;

/** Commands of all five contexts without end; the decider accepts them, but for rare repeats. */
export function* loadCommands(): Generator<CommandLine> {
  const random = createRandom(SEED);
  const follows: (readonly [number, number])[] = [];
  for (let number = 0; ; number += 1) {
    const kind = random.uniform();
    if (kind < 0.5) yield portfolioCommand(number);
    else if (kind < 0.7) yield traderCommand(number);
    else if (kind < 0.85) yield revision();
    else if (kind < 0.95) yield riskCommand();
    else yield stepsCommand(number);
  }

  function portfolioCommand(number: number): CommandLine {
    const portfolio = random.integer(0, POPULATION.portfolios - 1);
    const kind = random.uniform();
    if (kind < 0.4) {
      const isDeposit = kind < 0.25;
      const [type, amount] = isDeposit ? ["DepositFunds", "90.5"] : ["WithdrawFunds", "50.25"];
      const data = { asset: "USDT", amount, externalReference: `load-${number}` };
      return { aggregate: "portfolio", id: ids.portfolio(portfolio), type, data };
    }
    const side = random.chance(0.6) ? "buy" : "sell";
    const identity = { portfolio, instrument: heldInstrument(portfolio, random) };
    const fill = { side, quantity: "0.05", tradeId: `load-${number}` } as const;
    return tradeCommand({ ...identity, ...fill, occurredAt: Date.now() });
  }

  function traderCommand(number: number): CommandLine {
    if (random.chance(0.1)) {
      const copy = random.integer(0, POPULATION.copies - 1);
      return copyCommand(copy, "AdjustCopy", String(100 + (number % 100)));
    }
    const ending = follows.length > FOLLOWS_KEPT ? follows.shift() : undefined;
    if (ending !== undefined) {
      return relation(ending[0], "UnfollowTrader", { leader: ids.trader(ending[1]) });
    }
    const follower = random.integer(0, POPULATION.traders - 1);
    const leader = (follower + random.integer(1, POPULATION.traders - 1)) % POPULATION.traders;
    follows.push([follower, leader]);
    return relation(follower, "FollowTrader", { leader: ids.trader(leader) });
  }

  function revision(): CommandLine {
    const strategy = random.integer(0, POPULATION.strategies - 1);
    return strategyCommand(strategy, "ReviseStrategy", random.integer(50, 95));
  }

  function riskCommand(): CommandLine {
    const portfolio = random.integer(0, POPULATION.portfolios - 1);
    if (random.chance(0.7)) {
      return limitCommand(portfolio, "drawdown", `0.${random.integer(100, 900)}`);
    }
    const instrumentId = ids.instrument(heldInstrument(portfolio, random));
    const data = { instrumentId, side: "buy", quantity: "0.05", price: "100" };
    return { aggregate: "risk-book", id: ids.portfolio(portfolio), type: "CheckOrder", data };
  }

  function stepsCommand(number: number): CommandLine {
    const id = ids.instrument(random.integer(0, POPULATION.instruments - 1));
    const data = { priceStep: number % 2 === 0 ? "0.01" : "0.001", quantityStep: "0.01" };
    return { aggregate: "instrument", id, type: "ChangeInstrumentSteps", data };
  }
}
