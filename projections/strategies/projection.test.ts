import { expect } from "chai";
import type { StrategiesEvent } from "../../schemas/generated/strategies.ts";
import {
  assertDeclared,
  assertReplayable,
  changesTo,
  recorded,
  recordedStream,
} from "../runner/recorded.fixture.ts";
import { strategies } from "./projection.ts";

const ID = "s-1";
const TIME_MS = 1_723_161_255_342;

const document = JSON.stringify({
  name: "Momentum Trading",
  type: "momentum",
  tags: ["Fast", "btc"],
  rules: [
    { indicator: "RSI", condition: "above_70", action: "sell" },
    { indicator: "EMA_12", condition: "crosses_above_EMA_26", action: "buy" },
  ],
  risk_profile: { max_loss: 0.05, volatility: 0.2 },
  instruments: ["binance:BTC-USDT"],
  attributes: { note: "not searched" },
});
const revision = JSON.stringify({
  name: "Grid",
  type: "grid",
  rules: [{ indicator: "ATR_14", condition: "above_1", action: "alert" }],
});
const first = { owner: "anna", version: 1, document };

/** Every event of the context once, by its type. */
const EVENTS: {
  readonly [T in StrategiesEvent["type"]]: Extract<StrategiesEvent, { type: T }>;
} = {
  StrategyCreated: { type: "StrategyCreated", data: first, occurredAtMs: TIME_MS },
  StrategyForked: {
    type: "StrategyForked",
    data: { ...first, forkedFrom: "s-0" },
    occurredAtMs: TIME_MS,
  },
  StrategyPublished: {
    type: "StrategyPublished",
    data: { visibility: "public" },
    occurredAtMs: TIME_MS,
  },
  StrategyActivated: { type: "StrategyActivated", data: { version: 1 }, occurredAtMs: TIME_MS },
  StrategyPaused: {
    type: "StrategyPaused",
    data: { version: 1, reason: "user" },
    occurredAtMs: TIME_MS,
  },
  StrategyRevised: {
    type: "StrategyRevised",
    data: { owner: "anna", version: 2, document: revision },
    occurredAtMs: TIME_MS + 1,
  },
  StrategyArchived: {
    type: "StrategyArchived",
    data: { version: 2, reason: "done" },
    occurredAtMs: TIME_MS + 2,
  },
};

function changes(event: StrategiesEvent, table: string) {
  return changesTo(strategies, table, recorded(event, { aggregateId: ID, sequence: 4 }));
}

/** The tables that an event changes beside when it was changed. */
function tablesOf(event: StrategiesEvent): string[] {
  const all = strategies.project(recorded(event, { aggregateId: ID }));
  return all.map(({ table }) => table).filter((table) => table !== "changes");
}

describe("the projection of strategies", () => {
  for (const [type, forkedFrom] of [
    ["StrategyCreated", null],
    ["StrategyForked", "s-0"],
  ] as const) {
    it(`begins a strategy as a private draft, with where it comes from: ${type}`, () => {
      const row = { strategyId: ID, forkedFrom, createdAtMs: TIME_MS };
      expect(changes(EVENTS[type], "origins")).to.deep.equal([{ table: "origins", row }]);
      expect(changes(EVENTS[type], "statuses")).to.deep.equal([
        { table: "statuses", row: { strategyId: ID, status: "draft" } },
      ]);
      expect(changes(EVENTS[type], "visibilities")).to.deep.equal([
        { table: "visibilities", row: { strategyId: ID, visibility: "private" } },
      ]);
      const [newest] = changes(EVENTS[type], "strategies");
      expect(newest?.row).to.include({ strategyId: ID, owner: "anna", version: 1, document });
      expect(changes(EVENTS[type], "versions")).to.deep.equal([
        { table: "versions", row: { strategyId: ID, version: 1, document, createdAtMs: TIME_MS } },
      ]);
    });
  }

  it("replaces the newest document with a revision, and has it beside the others", () => {
    const [newest] = changes(EVENTS.StrategyRevised, "strategies");
    expect(newest?.row).to.include({ owner: "anna", version: 2, document: revision });
    const row = { strategyId: ID, version: 2, document: revision, createdAtMs: TIME_MS + 1 };
    expect(changes(EVENTS.StrategyRevised, "versions")).to.deep.equal([{ table: "versions", row }]);
    expect(tablesOf(EVENTS.StrategyRevised)).to.deep.equal(["strategies", "versions"]);
  });

  it("has name, type, tags, instruments and indicators for the text search, nothing else", () => {
    const searchText = (event: StrategiesEvent) => changes(event, "strategies")[0]?.row.searchText;
    expect(searchText(EVENTS.StrategyCreated)).to.equal(
      "Momentum Trading\nmomentum\nFast\nbtc\nbinance:BTC-USDT\nRSI\nEMA_12",
    );
    expect(searchText(EVENTS.StrategyRevised)).to.equal("Grid\ngrid\nATR_14");
  });

  for (const [type, status] of [
    ["StrategyActivated", "active"],
    ["StrategyPaused", "paused"],
    ["StrategyArchived", "archived"],
  ] as const) {
    it(`makes a strategy ${status} and touches nothing else: ${type}`, () => {
      const row = { strategyId: ID, status };
      expect(changes(EVENTS[type], "statuses")).to.deep.equal([{ table: "statuses", row }]);
      expect(tablesOf(EVENTS[type])).to.deep.equal(["statuses"]);
    });
  }

  it("shows a strategy to whom it was published, and takes that back by the same event", () => {
    for (const visibility of ["public", "followers", "private"]) {
      const event: StrategiesEvent = { ...EVENTS.StrategyPublished, data: { visibility } };
      const row = { strategyId: ID, visibility };
      expect(changes(event, "visibilities")).to.deep.equal([{ table: "visibilities", row }]);
      expect(tablesOf(event)).to.deep.equal(["visibilities"]);
    }
  });

  it("keeps the sequence and the time of the last event, whatever it is", () => {
    for (const event of Object.values(EVENTS)) {
      const row = { strategyId: ID, sequence: 4, changedAtMs: event.occurredAtMs };
      expect(changes(event, "changes"), event.type).to.deep.equal([{ table: "changes", row }]);
    }
  });

  it("removes nothing: an archived strategy stays readable with all its versions", () => {
    for (const event of Object.values(EVENTS)) {
      const all = strategies.project(recorded<StrategiesEvent>(event, { aggregateId: ID }));
      expect(
        all.some(({ deleted }) => deleted === true),
        event.type,
      ).to.equal(false);
    }
  });

  it("leaves the same rows however the log is cut, and when it is read again", () => {
    const { StrategyCreated, StrategyForked, ...later } = EVENTS;
    for (const begun of [StrategyCreated, StrategyForked]) {
      assertReplayable(strategies, recordedStream(ID, [begun, ...Object.values(later)]));
    }
  });

  it("writes nothing that is not declared, and leaves nothing out", () => {
    for (const event of Object.values(EVENTS)) {
      assertDeclared(
        strategies,
        strategies.project(recorded<StrategiesEvent>(event, { aggregateId: ID })),
      );
    }
  });
});
