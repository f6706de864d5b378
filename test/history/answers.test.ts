import { expect } from "chai";
import type { AggregateDefinition } from "../../command-side/aggregate.ts";
import { portfolio } from "../../command-side/contexts/portfolio/portfolio/index.ts";
import { trader } from "../../command-side/contexts/social/trader/index.ts";
import { PartitionState } from "../../command-side/ownership/partition-state.ts";
import { type EmptyAnswer, findWrongAnswers, type TimedEvent } from "./answers.ts";

/** Carries commands out one after another, each sent at n · 10 ms and answered 5 ms later. */
function history(
  definition: AggregateDefinition,
  commands: readonly (readonly [aggregateId: string, type: string, data: object])[],
): readonly TimedEvent[] {
  const state = new PartitionState(definition);
  return commands.flatMap(([aggregateId, type, data], index) => {
    const payload = definition.commands[type]?.payload.parse(data);
    const decision = definition.decider.decide(
      state.stateOf(aggregateId),
      { type, data: payload },
      {
        nowMs: 1_700_000_000_000,
        aggregateId,
        actor: "anonymous",
        authority: "all",
        facts: null,
        view: state.view,
      },
    );
    if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
    return decision.events.map((event) => {
      state.evolve(aggregateId, event);
      return { aggregateId, event, sentAtMs: index * 10, answeredAtMs: index * 10 + 5 };
    });
  });
}

const deposit = (externalReference: string) => {
  return ["p-1", "DepositFunds", { asset: "USDT", amount: "500", externalReference }] as const;
};
/** Answered at 5, 15 and 25 ms. */
const money = history(portfolio as AggregateDefinition, [
  ["p-1", "OpenPortfolio", { name: "one" }],
  deposit("in-1"),
  deposit("in-2"),
]);

const withdrawal = (amount: string, askedAtMs: number, answeredAtMs: number) => ({
  commandId: "c-1",
  aggregateId: "p-1",
  type: "WithdrawFunds",
  data: { asset: "USDT", amount, externalReference: "out-1" },
  askedAtMs,
  answeredAtMs,
  refusedWith: "INSUFFICIENT_FUNDS",
});

function wrong(answer: EmptyAnswer): Promise<readonly string[]> {
  return findWrongAnswers(portfolio as AggregateDefinition, money, [answer]);
}

describe("the checker of answers that leave nothing in the log", () => {
  it("takes a refusal that was right when it was asked, when it was answered, or between", async () => {
    expect(await wrong(withdrawal("700", 16, 19))).to.deep.equal([]);
    expect(await wrong(withdrawal("700", 16, 99))).to.deep.equal([]);
    expect(await wrong(withdrawal("400", 6, 99))).to.deep.equal([]);
  });

  it("finds a refusal by an owner that did not know of a deposit acknowledged before", async () => {
    const [finding] = await wrong(withdrawal("700", 26, 99));
    expect(finding).to.include("WithdrawFunds of p-1 (c-1) was answered INSUFFICIENT_FUNDS");
  });

  it("finds a refusal by what was sent only after the answer", async () => {
    const late = { ...withdrawal("700", 1, 9), refusedWith: "PORTFOLIO_CLOSED" };
    expect(await wrong(late)).to.have.length(1);
  });

  it("knows a stream that is not there yet", async () => {
    const early = { ...withdrawal("400", -9, -1), refusedWith: "NOT_FOUND" };
    expect(await wrong(early)).to.deep.equal([]);
    expect(await wrong({ ...early, askedAtMs: 6, answeredAtMs: 8 })).to.have.length(1);
  });

  it("holds an acceptance without events against the rules, too", async () => {
    const [, type, data] = deposit("in-1");
    const repeat = { ...withdrawal("", 16, 19), type, data, refusedWith: null };
    expect(await wrong(repeat)).to.deep.equal([]);
    expect(await wrong({ ...repeat, askedAtMs: 6, answeredAtMs: 8 })).to.have.length(1);
  });

  it("looks at the whole partition where the rules do", async () => {
    const definition = trader as AggregateDefinition;
    const events = history(definition, [["t-1", "RegisterTrader", { handle: "one" }]]);
    const answer = { ...withdrawal("", 6, 9), aggregateId: "t-2", type: "RegisterTrader" };
    const taken = { ...answer, data: { handle: "one" }, refusedWith: "HANDLE_TAKEN" };
    expect(await findWrongAnswers(definition, events, [taken])).to.deep.equal([]);
    const free = { ...taken, data: { handle: "two" } };
    expect(await findWrongAnswers(definition, events, [free])).to.have.length(1);
  });
});
