import { expect } from "chai";
import type { RiskEvent } from "../../schemas/generated/risk.ts";
import {
  assertDeclared,
  assertReplayable,
  changesTo,
  recorded,
  recordedStream,
} from "../runner/recorded.fixture.ts";
import {
  AS_OF_MS,
  assessment,
  EVENTS,
  MINUTE_MS,
  priced,
  TIME_MS,
  transition,
} from "./events.fixture.ts";
import { risk } from "./projection.ts";

const ID = "p-1";
const LIMIT = { portfolioId: ID, limitId: "drawdown" };
const BREACH = { portfolioId: ID, breachId: "drawdown#1" };

function changes(event: RiskEvent, table: string) {
  return changesTo(risk, table, recorded(event, { aggregateId: ID, sequence: 12 }));
}

function withData<E extends RiskEvent>(event: E, more: Partial<E["data"]>): E {
  return { ...event, data: { ...event.data, ...more } };
}

/** The tables that an event changes beside the version. */
function tablesOf(event: RiskEvent): string[] {
  const all = risk.project(recorded(event, { aggregateId: ID }));
  return all.map(({ table }) => table).filter((table) => table !== "versions");
}

describe("the projection of risk", () => {
  it("writes the figures of an assessment as they were decided, of when and of what", () => {
    const row = {
      portfolioId: ID,
      assessedAtMs: TIME_MS,
      asOfMs: AS_OF_MS,
      trigger: "minute",
      portfolioSequence: 9,
      minuteMs: MINUTE_MS,
      baseCurrency: "USDT",
      equity: "90000.5",
      cash: "60000.5",
      grossExposure: "30000",
      netExposure: "30000",
      complete: false,
      nav: 0.900005,
      peakNav: 1,
      peakAtMs: AS_OF_MS - 60_000,
      drawdown: 0.099995,
      maxDrawdown: 0.2,
      leverage: 0.333,
      concentration: 1,
      herfindahl: 1,
      returns: 31,
      volatility: 0.4,
      tails: JSON.stringify(assessment.tails),
    };
    expect(changes(EVENTS.RiskAssessed, "assessments")).to.deep.equal([
      { table: "assessments", row },
    ]);
  });

  it("keeps what cannot be measured as null", () => {
    const nothing = { leverage: null, concentration: null, herfindahl: null, volatility: null };
    const data = { ...assessment, ...nothing, minuteMs: null, tails: [], positions: [] };
    const event: RiskEvent = { type: "RiskAssessed", data, occurredAtMs: TIME_MS };
    const [change] = changes(event, "assessments");
    expect(change?.row).to.include({ ...nothing, minuteMs: null, tails: "[]" });
    expect(changes(event, "positions")).to.deep.equal([]);
  });

  it("numbers positions by their assessment, whose number it keeps: the newest alone count", () => {
    const rows = changes(EVENTS.RiskAssessed, "positions").map(({ row }) => row);
    const { priceAtMs, instrumentId } = priced;
    const sums = { quantity: "0.5", price: "60000", value: "30000", share: 1 };
    const none = { price: null, value: null, priceAtMs: null, instrumentId: null };
    const of = { portfolioId: ID, sequence: 12 };
    expect(rows).to.deep.equal([
      { ...of, asset: "BTC", priceAtMs, instrumentId, ...sums },
      { ...of, asset: "XYZ", quantity: "7", share: 0, ...none },
    ]);
    expect(changes(EVENTS.RiskAssessed, "assessedVersions")).to.deep.equal([
      { table: "assessedVersions", row: of },
    ]);
  });

  it("writes what was measured against each limit, also that nothing could be", () => {
    const atMs = AS_OF_MS;
    const rows = changes(EVENTS.RiskAssessed, "limitValues").map(({ row }) => row);
    expect(rows).to.deep.equal([
      { ...LIMIT, value: "0.099995", usage: 0.499975, atMs },
      { portfolioId: ID, limitId: "volatility", value: null, usage: null, atMs },
    ]);
  });

  it("writes a limit as it was set, without a state of its own before it is left", () => {
    const terms = { kind: "drawdown", asset: null, action: "reduce_only", setAtMs: TIME_MS };
    const bounds = { warnAt: "0.1", limitAt: "0.2", hysteresis: "0.05" };
    expect(changes(EVENTS.RiskLimitSet, "limits")).to.deep.equal([
      { table: "limits", row: { ...LIMIT, ...terms, ...bounds } },
    ]);
    expect(tablesOf(EVENTS.RiskLimitSet)).to.deep.equal(["limits", "limitValues"]);
    const data = { ...EVENTS.RiskLimitSet.data, warnAt: null };
    const [bare] = changes({ ...EVENTS.RiskLimitSet, data }, "limits");
    expect(bare?.row).to.include({ warnAt: null });
  });

  for (const type of ["RiskLimitSet", "RiskLimitReset"] as const) {
    it(`measures a limit anew by the last assessment, if there was one: ${type}`, () => {
      const row = { ...LIMIT, value: "0.099995", usage: 0.499975, atMs: AS_OF_MS };
      expect(changes(EVENTS[type], "limitValues")).to.deep.equal([{ table: "limitValues", row }]);
      const none = { value: null, usage: null };
      const [unmeasured] = changes(withData(EVENTS[type], none), "limitValues");
      expect(unmeasured?.row).to.deep.equal({ ...row, ...none });
      const unknown = withData(EVENTS[type], { ...none, asOfMs: null });
      expect(changes(unknown, "limitValues")).to.deep.equal([]);
    });
  }

  for (const [type, state, value, usage] of [
    ["LimitWarned", "warned", "0.15", 0.75],
    ["LimitBreached", "breached", "0.25", 1.25],
    ["LimitCleared", "ok", "0.05", 0.25],
  ] as const) {
    it(`moves a limit to ${state} with what was measured: ${type}`, () => {
      const breachId = state === "breached" ? "drawdown#1" : null;
      expect(changes(EVENTS[type], "limitStates").map(({ row }) => row)).to.deep.equal([
        { ...LIMIT, state, breachId, sinceMs: TIME_MS },
      ]);
      const [measured, ...others] = changes(EVENTS[type], "limitValues");
      expect(others).to.deep.equal([]);
      expect(measured?.row).to.include({ ...LIMIT, value, atMs: AS_OF_MS });
      expect(measured?.row.usage).to.be.closeTo(usage, 1e-12);
    });
  }

  it("writes a breach by its event, with the limit as it was then", () => {
    const terms = { limitId: "drawdown", kind: "drawdown", asset: null, action: "reduce_only" };
    const figures = { value: "0.25", limitAt: "0.2", breachedAtMs: TIME_MS };
    expect(changes(EVENTS.LimitBreached, "breaches")).to.deep.equal([
      { table: "breaches", row: { ...BREACH, sequence: 12, ...terms, ...figures } },
    ]);
  });

  it("ends a breach beside it, whether the limit is cleared, warned or removed", () => {
    const removed = { ...EVENTS.RiskLimitRemoved.data, breachId: "drawdown#1" };
    const ends: readonly (readonly [RiskEvent, string])[] = [
      [EVENTS.LimitCleared, "cleared"],
      [{ ...EVENTS.LimitWarned, data: transition("breached", "0.15", "drawdown#1") }, "cleared"],
      [{ ...EVENTS.RiskLimitRemoved, data: removed }, "removed"],
    ];
    for (const [event, how] of ends) {
      const row = { ...BREACH, endedBySequence: 12, endedAtMs: TIME_MS, how };
      expect(changes(event, "breachEnds"), event.type).to.deep.equal([
        { table: "breachEnds", row },
      ]);
      expect(changes(event, "breaches"), event.type).to.deep.equal([]);
    }
  });

  it("ends no breach where there was none", () => {
    const cleared = { ...EVENTS.LimitCleared, data: transition("warned", "0.05", null) };
    for (const event of [EVENTS.LimitWarned, cleared, EVENTS.RiskLimitRemoved]) {
      expect(changes(event, "breachEnds"), event.type).to.deep.equal([]);
    }
  });

  it("removes a limit with its state and what was measured, and leaves its breaches", () => {
    const all = risk.project(recorded<RiskEvent>(EVENTS.RiskLimitRemoved, { aggregateId: ID }));
    expect(all.filter(({ deleted }) => deleted)).to.have.deep.members([
      { table: "limits", row: LIMIT, deleted: true },
      { table: "limitStates", row: LIMIT, deleted: true },
      { table: "limitValues", row: LIMIT, deleted: true },
    ]);
    expect(all.filter(({ deleted }) => !deleted).map(({ table }) => table)).to.deep.equal([
      "versions",
    ]);
  });

  it("writes who has seen a breach beside it, with or without a note", () => {
    const row = { ...BREACH, sequence: 12, note: "seen", acknowledgedAtMs: TIME_MS };
    expect(changes(EVENTS.BreachAcknowledged, "acknowledgements")).to.deep.equal([
      { table: "acknowledgements", row },
    ]);
    const data = { ...EVENTS.BreachAcknowledged.data, note: null };
    const [silent] = changes({ ...EVENTS.BreachAcknowledged, data }, "acknowledgements");
    expect(silent?.row).to.include({ note: null });
  });

  it("has the trading state that was changed to, and why", () => {
    const row = { portfolioId: ID, state: "reducing", reason: "limit breached" };
    expect(changes(EVENTS.TradingStateChanged, "tradingStates")).to.deep.equal([
      { table: "tradingStates", row: { ...row, changedAtMs: TIME_MS } },
    ]);
  });

  it("raises the version with every event, also with those that change nothing else", () => {
    for (const event of Object.values(EVENTS)) {
      expect(changes(event, "versions"), event.type).to.deep.equal([
        { table: "versions", row: { portfolioId: ID, version: 12 } },
      ]);
    }
    for (const type of ["PositionLiquidationRequested", "OrderDenied"] as const) {
      expect(tablesOf(EVENTS[type]), type).to.deep.equal([]);
    }
  });

  it("leaves the same rows however the log is cut, and when it is read again", () => {
    const all: readonly RiskEvent[] = Object.values(EVENTS);
    assertReplayable(risk, recordedStream(ID, all));
    // Set anew after its removal, the limit numbers its breaches from one again.
    assertReplayable(risk, recordedStream(ID, [...all, ...all.slice(0, 4)]));
  });

  it("writes nothing that is not declared, and leaves nothing out", () => {
    for (const event of Object.values(EVENTS)) {
      assertDeclared(risk, risk.project(recorded<RiskEvent>(event, { aggregateId: ID })));
    }
  });
});
