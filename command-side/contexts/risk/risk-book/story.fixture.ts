import type { Decision, DecisionContext } from "../../../../platform/kernel/decider.ts";
import { decimal } from "../../../../platform/kernel/decimal.ts";
import type { AssessRisk, SetRiskLimit } from "./commands.ts";
import { decider } from "./decide.ts";
import type { RiskAssessed, RiskEvent } from "./events.ts";
import type { RiskFacts } from "./facts.ts";
import type { RiskBook } from "./state.ts";

export const START_MS = Date.UTC(2026, 0, 1);

const place = { version: 1, partition: { topic: "t", partition: 0 }, position: 1 };

/** An open portfolio of this cash in USDT and the instrument BTC-USDT. */
export function factsOf(cash: string, btc = "0"): RiskFacts {
  const holdings = [
    { asset: "USDT", quantity: decimal(cash) },
    { asset: "BTC", quantity: decimal(btc) },
  ];
  const steps = { priceStep: decimal("0.01"), quantityStep: decimal("0.001") };
  return {
    portfolio: {
      ...place,
      value: { isOpen: true, owner: null, baseCurrency: "USDT", cash: decimal(cash), holdings },
    },
    instrument: {
      ...place,
      value: { ...steps, minQuantity: null, minNotional: decimal("5"), delistedFromMs: null },
    },
  };
}

export const context = {
  nowMs: START_MS,
  aggregateId: "p-1",
  facts: factsOf("100000"),
} satisfies Partial<DecisionContext<RiskFacts>>;

/** Holdings by asset, BTC at a price, and what came in so far in USDT. */
export function assess(
  held: Readonly<Record<string, string>>,
  {
    price = "60000",
    net = "100000",
    sequence = 1,
  }: Partial<Record<"price" | "net", string>> & {
    readonly sequence?: number;
  } = {},
): AssessRisk {
  return {
    type: "AssessRisk",
    data: {
      trigger: "portfolio",
      portfolioSequence: sequence,
      minuteAt: null,
      baseCurrency: "USDT",
      holdings: Object.entries(held).map(([asset, text]) => ({ asset, quantity: decimal(text) })),
      prices: [
        { asset: "BTC", price: decimal(price), at: START_MS, instrumentId: "binance:BTC-USDT" },
      ],
      flows: [{ asset: "USDT", net: decimal(net) }],
    },
  };
}

/** The same, for a minute. */
export function assessMinute(command: AssessRisk, minuteAt: number): AssessRisk {
  return { type: "AssessRisk", data: { ...command.data, trigger: "minute", minuteAt } };
}

export function limit(
  kind: SetRiskLimit["data"]["kind"],
  at: string,
  more: Partial<SetRiskLimit["data"]> = {},
): SetRiskLimit {
  const bounds = { warnAt: null, limit: decimal(at), hysteresis: decimal("0.05") };
  return { type: "SetRiskLimit", data: { kind, asset: null, ...bounds, action: "alert", ...more } };
}

type RiskCommand = Parameters<typeof decider.decide>[1];

/** A book that lives on: decides, and takes what was decided. */
export class Book {
  state: RiskBook = decider.initialState();
  readonly events: RiskEvent[] = [];
  nowMs = START_MS;

  does(command: RiskCommand, facts = context.facts): RiskEvent[] {
    const decided = this.try(command, facts);
    if (decided.outcome === "refused") throw new Error(decided.refusal.code);
    return [...decided.events];
  }

  /** As `does`, where a refusal is an answer too. */
  try(command: RiskCommand, facts = context.facts): Decision<RiskEvent> {
    const decided = decider.decide(this.state, command, {
      nowMs: this.nowMs,
      aggregateId: "p-1",
      actor: "tester",
      authority: "all",
      facts,
      view: null,
    });
    if (decided.outcome === "refused") return decided;
    for (const event of decided.events) {
      this.state = decider.evolve(this.state, event);
      this.events.push(event);
    }
    return decided;
  }

  assessed(command: AssessRisk): RiskAssessed {
    const [first] = this.does(command);
    if (first?.type !== "RiskAssessed") throw new Error(`no assessment but ${first?.type}`);
    return first.data;
  }

  /** As after a restart: the state is folded anew. */
  restart(): void {
    this.state = this.events.reduce(
      (folded, event) => decider.evolve(folded, event),
      decider.initialState(),
    );
  }
}
