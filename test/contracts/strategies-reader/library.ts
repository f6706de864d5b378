import type { StrategyCommand } from "../../../command-side/contexts/strategies/strategy/commands.ts";
import { decider } from "../../../command-side/contexts/strategies/strategy/decide.ts";
import type { StrategyDocument } from "../../../command-side/contexts/strategies/strategy/document.ts";
import type { StrategyEvent } from "../../../command-side/contexts/strategies/strategy/events.ts";
import {
  NO_FACTS,
  type StrategyFacts,
} from "../../../command-side/contexts/strategies/strategy/gather.ts";
import type { ExistingStrategy } from "../../../command-side/contexts/strategies/strategy/state.ts";
import type { Decision } from "../../../platform/kernel/decider.ts";
import { ONE } from "../../../platform/kernel/decimal.ts";
import type {
  Strategy,
  StrategyFilter,
  StrategyVersion,
} from "../../../projections/strategies/store.ts";
import { TEST_CONTEXT } from "../../given.ts";

/** All strategies, as their owners keep them; each event happens at a millisecond of its own. */
export class Library {
  readonly states = new Map<string, ExistingStrategy>();
  /** Every event with whose it is, in order. */
  readonly events: { readonly strategyId: string; readonly event: StrategyEvent }[] = [];
  readonly #histories = new Map<string, StrategyEvent[]>();
  #nowMs = TEST_CONTEXT.nowMs;

  decide(strategyId: string, command: StrategyCommand, actor: string): Decision<StrategyEvent> {
    const state = this.states.get(strategyId) ?? null;
    const facts = this.#factsOf(state, command);
    const caller = { actor, authority: "own" } as const;
    const place = { nowMs: this.#nowMs, aggregateId: strategyId };
    const context = { ...TEST_CONTEXT, ...caller, ...place, facts };
    return decider.decide(state, command, context);
  }

  /** Carries out what must be accepted. */
  does(strategyId: string, command: StrategyCommand, actor = "anna"): void {
    const decision = this.decide(strategyId, command, actor);
    if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
    for (const event of decision.events) {
      const state = decider.evolve(this.states.get(strategyId) ?? null, event);
      if (state !== null) this.states.set(strategyId, state);
      this.#histories.set(strategyId, [...(this.#histories.get(strategyId) ?? []), event]);
      this.events.push({ strategyId, event });
      this.#nowMs += 1;
    }
  }

  /** What a reader must answer. */
  strategy(strategyId: string): Strategy {
    const state = this.states.get(strategyId);
    const history = this.#histories.get(strategyId) ?? [];
    const [first, last] = [history[0], history.at(-1)];
    if (!state || !first || !last) throw new RangeError(`no strategy ${strategyId}`);
    return {
      strategyId,
      ...state,
      forkedFrom: first.type === "StrategyForked" ? first.data.forkedFrom : null,
      createdAtMs: first.occurredAtMs,
      changedAtMs: last.occurredAtMs,
      sequence: history.length,
    };
  }

  versions(strategyId: string): StrategyVersion[] {
    return (this.#histories.get(strategyId) ?? []).flatMap(({ data, occurredAtMs }) => {
      if (!("document" in data)) return [];
      return [{ version: data.version, document: data.document, createdAtMs: occurredAtMs }];
    });
  }

  /** The strategies that a reader must find, in order of their ids. */
  found(filter: StrategyFilter): Strategy[] {
    const ids = [...this.states.keys()].sort();
    return ids.map((id) => this.strategy(id)).filter((strategy) => isFound(strategy, filter));
  }

  /** Whatever a strategy may need is listed, open and limited. */
  #factsOf(state: ExistingStrategy | null, command: StrategyCommand): StrategyFacts {
    const place = { version: 1, partition: { topic: "t", partition: 0 }, position: 1 };
    if (command.type === "ForkStrategy") {
      const value = this.states.get(command.data.source) ?? null;
      return { ...NO_FACTS, source: { ...place, value } };
    }
    const steps = { priceStep: ONE, quantityStep: ONE, minQuantity: null, minNotional: null };
    const instrument = { ...place, value: { ...steps, delistedFromMs: null } };
    const document = state?.document ?? null;
    const { instruments = [] } = JSON.parse(document ?? "{}") as Partial<StrategyDocument>;
    return {
      source: null,
      document,
      instruments: instruments.map((id) => ({ id, fact: instrument })),
      portfolio: {
        ...place,
        value: {
          isOpen: true,
          owner: state?.owner ?? null,
          baseCurrency: "USDT",
          cash: ONE,
          holdings: [],
        },
      },
      riskBook: { ...place, value: { limits: 1, tradingState: "active" } },
    };
  }
}

/** The questions as the port tells them, asked of one strategy: nothing of a store's is in it. */
function isFound(strategy: Strategy, filter: StrategyFilter): boolean {
  const { actor, text, tag, type, instrument, indicator, owner, status } = filter;
  const document = JSON.parse(strategy.document) as StrategyDocument;
  const indicators = document.rules.map((rule) => rule.indicator);
  return [
    actor === null || strategy.owner === actor || strategy.visibility === "public",
    text === null || holdsWords(document, text),
    tag === null || document.tags?.includes(tag),
    type === null || document.type === type,
    instrument === null || document.instruments?.includes(instrument),
    indicator === null ||
      indicators.some((name) => name === indicator || name.startsWith(`${indicator}_`)),
    owner === null || strategy.owner === owner,
    status === null || strategy.status === status,
  ].every(Boolean);
}

/** Each word of the text begins one that is held; signs within it ask for words side by side. */
function holdsWords({ name, type, tags, instruments, rules }: StrategyDocument, text: string) {
  const indicators = rules.map(({ indicator }) => indicator);
  const held = wordsOf(
    [name, type, ...(tags ?? []), ...(instruments ?? []), ...indicators].join("\n"),
  );
  const asked = text
    .split(/[\s\0]+/)
    .map(wordsOf)
    .filter(({ length }) => length > 0);
  return asked.length > 0 && asked.every((words) => held.some((_, at) => beginAt(held, at, words)));
}

function beginAt(held: readonly string[], at: number, words: readonly string[]): boolean {
  const last = words.length - 1;
  return words.every((word, step) => {
    const found = held[at + step] ?? "";
    return step === last ? found.startsWith(word) : found === word;
  });
}

function wordsOf(text: string): string[] {
  const plain = text
    .normalize("NFD")
    .replaceAll(/[\u0300-\u036f]/g, "")
    .toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}
