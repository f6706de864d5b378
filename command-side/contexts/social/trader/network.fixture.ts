import type { Authority, Decision } from "../../../../platform/kernel/decider.ts";
import { decimal } from "../../../../platform/kernel/decimal.ts";
import { TEST_CONTEXT } from "../../../../test/given.ts";
import type { TraderCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { TraderEvent } from "./events.ts";
import type { TraderState } from "./state.ts";
import { type SocialGraph, view } from "./view.ts";

/** All traders of one partition, as their owner keeps them. */
export class Network {
  readonly states = new Map<string, TraderState>();
  graph: SocialGraph = view.initial();
  /** Every event with whose it is, in order. */
  readonly events: { readonly trader: string; readonly event: TraderEvent }[] = [];
  cash = "1000";
  /** Of every portfolio. */
  owner: string | null = null;
  /** Of who sends the commands. */
  authority: Authority = "all";

  decide(trader: string, command: TraderCommand): Decision<TraderEvent> {
    const state = this.states.get(trader) ?? decider.initialState();
    const portfolio = {
      isOpen: true,
      owner: this.owner,
      baseCurrency: "USDT",
      cash: decimal(this.cash),
      holdings: [],
    };
    const fact = { value: portfolio, version: 1, partition: { topic: "x", partition: 0 } };
    const facts = { portfolio: { ...fact, position: 1 } };
    const caller = { actor: trader, authority: this.authority };
    const context = { ...TEST_CONTEXT, ...caller, aggregateId: trader, facts, view: this.graph };
    return decider.decide(state, command, context);
  }

  /** Carries out what must be accepted; gives the events' types. */
  does(trader: string, command: TraderCommand): string[] {
    const decision = this.decide(trader, command);
    if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
    for (const event of decision.events) {
      const state = this.states.get(trader) ?? decider.initialState();
      this.states.set(trader, decider.evolve(state, event));
      this.graph = view.evolve(this.graph, trader, event);
      this.events.push({ trader, event });
    }
    return decision.events.map(({ type }) => type);
  }

  refusal(trader: string, command: TraderCommand): string | null {
    const decision = this.decide(trader, command);
    return decision.outcome === "refused" ? decision.refusal.code : null;
  }
}
