import type { CommandLine } from "../command-line.ts";
import { DEMO_PORTFOLIOS } from "./traders.ts";

/** Whose portfolio has the id, and who is followed and copied by whom. */
const MAKER = "demo-maker";
const STEADY = "demo-steady";
const COPIER = "demo-coins";
const COPIED_CASH = "100";

const PROFILE = { max_loss: 0.05, volatility: 0.2 };

const STRATEGIES = {
  "demo-momentum": {
    name: "Momentum of bitcoin",
    type: "momentum",
    rules: [{ indicator: "RSI", condition: "above_70", action: "sell" }],
    risk_profile: PROFILE,
    instruments: ["demo:BTC-USDT"],
    interval: "5m",
    portfolio: STEADY,
    tags: ["demo"],
  },
  "demo-reversion": {
    name: "Back to the mean",
    type: "mean-reversion",
    rules: [{ indicator: "RSI", condition: "below_30", action: "buy" }],
    risk_profile: PROFILE,
    tags: ["demo"],
  },
} as const;

/** Who trades: strategies, limits that warn and that are breached, traders with their relations. */
export function demoCompany(): readonly CommandLine[] {
  const strategies = Object.entries(STRATEGIES).map(([id, data]): CommandLine => {
    return { aggregate: "strategy", id, type: "CreateStrategy", data };
  });
  return [...strategies, ...limits(), ...relations()];
}

/** What needs to see the strategies as they were created: to be sent after the others. */
export function demoActivation(): readonly CommandLine[] {
  const [first = ""] = Object.keys(STRATEGIES);
  return [
    { aggregate: "strategy", id: first, type: "ActivateStrategy", data: {} },
    { aggregate: "strategy", id: first, type: "PublishStrategy", data: { visibility: "public" } },
  ];
}

/** The market maker's position is worth more than its limit, the steady hands' more than a warning. */
function limits(): CommandLine[] {
  const set = (id: string, data: Readonly<Record<string, unknown>>): CommandLine => {
    return { aggregate: "risk-book", id, type: "SetRiskLimit", data };
  };
  return [
    ...DEMO_PORTFOLIOS.map((id) => set(id, { kind: "drawdown", warnAt: "0.1", limit: "0.2" })),
    set(MAKER, { kind: "position_notional", warnAt: "500", limit: "1000" }),
    set(STEADY, { kind: "gross_exposure", warnAt: "1000", limit: "1000000" }),
  ];
}

/** Every trader is called as its portfolio is. */
function relations(): CommandLine[] {
  const of = (id: string, type: string, data: Readonly<Record<string, unknown>>): CommandLine => {
    return { aggregate: "trader", id, type, data };
  };
  const followers = DEMO_PORTFOLIOS.filter((id) => id !== MAKER);
  const copy = { leader: MAKER, portfolioId: COPIER, allocation: COPIED_CASH };
  return [
    ...DEMO_PORTFOLIOS.map((id) => {
      const profile = { handle: id.replace("-", "_"), acceptsCopiers: id === MAKER };
      return of(id, "RegisterTrader", profile);
    }),
    ...followers.map((id) => of(id, "FollowTrader", { leader: MAKER })),
    of(MAKER, "FollowTrader", { leader: STEADY }),
    of(COPIER, "StartCopying", copy),
  ];
}
