import { BigNumber } from "bignumber.js";
import { expect } from "chai";
import type {
  Answer,
  Command,
  Decider,
  Decision,
  DecisionContext,
  Event,
} from "../platform/kernel/decider.ts";
import { decimalText } from "../platform/kernel/decimal.ts";

export const TEST_CONTEXT = {
  nowMs: 1_700_000_000_000,
  aggregateId: "test-1",
  actor: "tester",
  authority: "all",
  facts: null,
  view: null,
} satisfies DecisionContext;

/**
 * A decider's test as a sentence: `given(decider, events).when(command).then(events)`.
 *
 * Every decision is made twice and must come out the same, which finds a `decide` that changes the
 * state it was shown; and its events must be such that `evolve` takes them.
 */
export function given<State, C extends Command, E extends Event, Context extends DecisionContext>(
  decider: Decider<State, C, E, Context>,
  events: readonly E[],
  context: Partial<Context> = {},
): Given<C, E> {
  // Facts and view that a test does not give are null: its decision must not need them.
  const full = { ...TEST_CONTEXT, ...context } as unknown as Context;
  const state = events.reduce(
    (folded, event) => decider.evolve(folded, event),
    decider.initialState(),
  );
  return {
    when(command) {
      const decision = decider.decide(state, command, full);
      expectSame(decider.decide(state, command, full), decision, "decided again");
      if (decision.outcome === "accepted") {
        decision.events.reduce((folded, event) => decider.evolve(folded, event), state);
      }
      return outcomeOf(decision, (next) => given(decider, [...events, ...next], full));
    },
  };
}

export interface Given<C extends Command, E extends Event> {
  /** Use a `given` once: `evolve` may change the state that it was folded into. */
  when(command: C): Outcome<C, E>;
}

interface Outcome<C extends Command, E extends Event> {
  readonly decision: Decision<E>;
  /** Exactly these events, decimals compared by value; an answer, where given, too. */
  then(events: readonly E[], answer?: Answer): void;
  /** Refused with this code; facts, where given, are among the refusal's. */
  thenRefused(code: string, facts?: Readonly<Record<string, unknown>>): void;
  /** Accepted, whatever the events: for a test that looks at them itself. */
  thenAccepted(): readonly E[];
  /** The story goes on: this command's events are given, too. */
  and(): Given<C, E>;
}

function outcomeOf<C extends Command, E extends Event>(
  decision: Decision<E>,
  goOn: (events: readonly E[]) => Given<C, E>,
): Outcome<C, E> {
  const thenAccepted = () => {
    if (decision.outcome === "refused") {
      throw new Error(`refused: ${decision.refusal.code}: ${decision.refusal.detail}`);
    }
    return decision.events;
  };
  return {
    decision,
    thenAccepted,
    // biome-ignore lint/suspicious/noThenProperty: given, when, then; an outcome is never awaited.
    then(events, answer) {
      expectSame(thenAccepted(), events, "events");
      if (answer && decision.outcome === "accepted") {
        expectSame(decision.answer, answer, "answer");
      }
    },
    thenRefused(code, facts = {}) {
      expect(decision.outcome, `expected a refusal ${code}`).to.equal("refused");
      if (decision.outcome !== "refused") return;
      expect(decision.refusal.code).to.equal(code);
      expect(decision.refusal.detail).to.be.a("string").that.has.length.above(0);
      expect(readable(decision.refusal.facts ?? {})).to.deep.include(readable(facts) as object);
    },
    and: () => goOn(thenAccepted()),
  };
}

function expectSame(actual: unknown, expected: unknown, what: string): void {
  expect(readable(actual), what).to.deep.equal(readable(expected));
}

/** Decimals as their text, so that equal values are equal and a difference can be read. */
export function readable(value: unknown): unknown {
  if (BigNumber.isBigNumber(value)) return `decimal ${decimalText(value)}`;
  if (Array.isArray(value)) return value.map(readable);
  if (value === null || typeof value !== "object") return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, readable(held)]));
}
