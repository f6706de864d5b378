import { expect } from "chai";
import fc from "fast-check";
import { ONE } from "../../../../platform/kernel/decimal.ts";
import { given } from "../../../../test/given.ts";
import { EXAMPLE_DOCUMENT } from "./commands.ts";
import { decider } from "./decide.ts";
import { documentField, type StrategyDocument } from "./document.ts";
import type { StrategyEvent } from "./events.ts";
import { NO_FACTS, type StrategyFacts } from "./gather.ts";

const at = 1_000;
const context = {
  nowMs: at,
  aggregateId: "s-1",
  actor: "anna",
  authority: "own",
  facts: NO_FACTS,
} as const;
const document = EXAMPLE_DOCUMENT as StrategyDocument;
const complete: StrategyDocument = {
  ...document,
  instruments: ["btc-usdt"],
  interval: "1m",
  portfolio: "p-1",
};

const created = (of: StrategyDocument = document, owner = "anna"): StrategyEvent => ({
  type: "StrategyCreated",
  data: { owner, version: 1, document: JSON.stringify(of) },
  occurredAtMs: at,
});
const life = (type: "StrategyPaused" | "StrategyArchived"): StrategyEvent => ({
  type,
  data: { version: 1, reason: "user" },
  occurredAtMs: at,
});
const activated: StrategyEvent = {
  type: "StrategyActivated",
  data: { version: 1 },
  occurredAtMs: at,
};
const published: StrategyEvent = {
  type: "StrategyPublished",
  data: { visibility: "public" },
  occurredAtMs: at,
};
const create = { type: "CreateStrategy", data: document } as const;
const activate = { type: "ActivateStrategy", data: {} } as const;
const pause = { type: "PauseStrategy", data: { reason: "user" } } as const;
const archive = { type: "ArchiveStrategy", data: { reason: "user" } } as const;
const fork = { type: "ForkStrategy", data: { source: "s-0", name: "Slower" } } as const;

const STEPS = { priceStep: ONE, quantityStep: ONE, minQuantity: null, minNotional: null };
const place = { version: 1, partition: { topic: "t", partition: 0 }, position: 1 };
const ready = (
  delistedFromMs: number | null = null,
  isOpen = true,
  limits = 1,
  owner = "anna",
): StrategyFacts => ({
  ...NO_FACTS,
  document: JSON.stringify(complete),
  instruments: [{ id: "btc-usdt", fact: { ...place, value: { ...STEPS, delistedFromMs } } }],
  riskBook: { ...place, value: { limits, tradingState: "active" } },
  portfolio: {
    ...place,
    value: { isOpen, owner, baseCurrency: null } as NonNullable<
      StrategyFacts["portfolio"]
    >["value"],
  },
});
const source = (owner: string, visibility: string): StrategyFacts => ({
  ...NO_FACTS,
  source: { ...place, value: { owner, visibility, document: JSON.stringify(document) } },
});

describe("the life of a strategy", () => {
  it("begins with its document, which belongs to who sent it", () => {
    given(decider, [], context).when(create).then([created()]);
    given(decider, [created()], context).when(create).thenRefused("STRATEGY_EXISTS");
  });

  it("gets a new version when its document changes, and none when it does not", () => {
    const data = { ...document, tags: ["btc"] };
    given(decider, [created()], context)
      .when({ type: "ReviseStrategy", data })
      .then([
        {
          type: "StrategyRevised",
          data: { owner: "anna", version: 2, document: JSON.stringify(data) },
          occurredAtMs: at,
        },
      ]);
    given(decider, [created()], context).when({ type: "ReviseStrategy", data: document }).then([]);
  });

  it("is changed only once it was created", () => {
    for (const command of [activate, pause, archive]) {
      given(decider, [], context).when(command).thenRefused("NOT_FOUND");
    }
  });

  it("becomes active with a listed instrument, an interval and an open portfolio", () => {
    const history = [created(complete)];
    const withFacts = (facts: StrategyFacts) => given(decider, history, { ...context, facts });
    withFacts(ready()).when(activate).then([activated]);
    withFacts(ready(at)).when(activate).thenRefused("STRATEGY_INCOMPLETE");
    withFacts(ready(null, false)).when(activate).thenRefused("STRATEGY_INCOMPLETE");
    withFacts(ready(null, true, 0))
      .when(activate)
      .thenRefused("STRATEGY_INCOMPLETE");
    withFacts(ready(null, true, 1, "ben"))
      .when(activate)
      .thenRefused("STRATEGY_INCOMPLETE", { lacking: "a portfolio of your own" });
    withFacts({ ...ready(), document: "{}" })
      .when(activate)
      .thenRefused("STRATEGY_CHANGED");
    const facts = { ...NO_FACTS, document: JSON.stringify(document) };
    given(decider, [created()], { ...context, facts })
      .when(activate)
      .thenRefused("STRATEGY_INCOMPLETE", { lacking: "an instrument" });
  });

  it("is paused only while active, and keeps what it needs while active", () => {
    given(decider, [created()], context).when(pause).thenRefused("STRATEGY_NOT_ACTIVE");
    const active = [created(complete), activated];
    given(decider, active, context)
      .when(pause)
      .then([life("StrategyPaused")]);
    given(decider, active, context)
      .when({ type: "ReviseStrategy", data: document })
      .thenRefused("STRATEGY_INCOMPLETE");
    const data = { ...complete, tags: ["btc"] };
    const revise = { type: "ReviseStrategy" as const, data };
    given(decider, active, { ...context, facts: ready() })
      .when(revise)
      .thenAccepted();
    for (const facts of [ready(at), ready(null, false)]) {
      given(decider, active, { ...context, facts })
        .when(revise)
        .thenRefused("STRATEGY_INCOMPLETE");
    }
  });

  it("is archived for good", () => {
    given(decider, [created()], context)
      .when(archive)
      .then([life("StrategyArchived")]);
    const archived = [created(), life("StrategyArchived")];
    given(decider, archived, context).when(archive).then([]);
    given(decider, archived, context).when(activate).thenRefused("STRATEGY_ARCHIVED");
  });

  it("is published once however often it is told, and taken back", () => {
    const publish = { type: "PublishStrategy", data: { visibility: "public" } } as const;
    given(decider, [created()], context).when(publish).then([published]);
    given(decider, [created(), published], context).when(publish).then([]);
    given(decider, [created(), published], context)
      .when({ type: "UnpublishStrategy", data: {} })
      .then([{ ...published, data: { visibility: "private" } }]);
  });

  it("is forked from one's own or a public one, and from no other", () => {
    const forked: StrategyEvent = {
      type: "StrategyForked",
      data: {
        owner: "anna",
        version: 1,
        document: JSON.stringify({ ...document, name: "Slower" }),
        forkedFrom: "s-0",
      },
      occurredAtMs: at,
    };
    for (const facts of [source("anna", "private"), source("ben", "public")]) {
      given(decider, [], { ...context, facts })
        .when(fork)
        .then([forked]);
    }
    for (const facts of [source("ben", "private"), source("ben", "followers"), NO_FACTS]) {
      given(decider, [], { ...context, facts })
        .when(fork)
        .thenRefused("STRATEGY_NOT_FOUND");
    }
  });
});

describe("a strategy's document", () => {
  const issues = (value: unknown) => {
    const parsed = documentField().safeParse(value);
    return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join("."));
  };

  it("keeps whatever stands in its attributes as it is", () => {
    const attributes = fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue(), { maxKeys: 5 });
    fc.assert(
      fc.property(attributes, (given) => {
        const sent = JSON.parse(JSON.stringify({ ...document, attributes: given }));
        const kept = JSON.stringify(documentField().parse(sent));
        expect(JSON.parse(kept)).to.deep.equal(sent);
      }),
    );
    const hidden = JSON.parse('{"__proto__":{"a":1},"constructor":2,"timeoutMs":3,"minus":-0}');
    const parsed = documentField().parse({ ...document, attributes: hidden });
    expect(JSON.stringify(parsed.attributes)).to.equal(JSON.stringify(hidden));
  });

  it("refuses what it cannot read, where it stands", () => {
    const [rule] = EXAMPLE_DOCUMENT.rules;
    expect(issues({ ...document, rules: [{ ...rule, condition: "touches_70" }] })).to.deep.equal([
      "rules.0.condition",
    ]);
    expect(issues({ ...document, rules: [{ ...rule, params: { period: 1 } }] })).to.deep.equal([
      "rules.0.params",
    ]);
    expect(issues({ ...document, rules: [] })).to.deep.equal(["rules"]);
    const profile = { max_loss: 1.5, volatility: 0.2 };
    expect(issues({ ...document, risk_profile: profile })).to.deep.equal(["risk_profile.max_loss"]);
    expect(issues({ ...document, status: "active" })).to.have.length(1);
    expect(issues({ ...document, attributes: { note: "x".repeat(17_000) } })).to.deep.equal([
      "attributes",
    ]);
  });
});
