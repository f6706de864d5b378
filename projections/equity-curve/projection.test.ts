import { expect } from "chai";
import type { RiskEvent } from "../../schemas/generated/risk.ts";
import { AS_OF_MS, assessment, EVENTS, TIME_MS } from "../risk/events.fixture.ts";
import {
  assertDeclared,
  assertReplayable,
  recorded,
  recordedStream,
} from "../runner/recorded.fixture.ts";
import { equityCurve } from "./projection.ts";

const ID = "p-1";

function changes(event: RiskEvent) {
  return equityCurve.project(recorded(event, { aggregateId: ID, sequence: 7 }));
}

function assessed(more: Partial<typeof assessment>): RiskEvent {
  return { type: "RiskAssessed", data: { ...assessment, ...more }, occurredAtMs: TIME_MS };
}

describe("the projection of equity curves", () => {
  it("has a point for an assessment, at the time that was assessed", () => {
    const place = { portfolioId: ID, atMs: AS_OF_MS, sequence: 7 };
    const figures = { equity: "90000.5", nav: 0.900005, drawdown: 0.099995 };
    expect(changes(EVENTS.RiskAssessed)).to.deep.equal([
      { table: "points", row: { ...place, ...figures, complete: false } },
    ]);
    expect(changes(assessed({ complete: true }))[0]?.row).to.include({ complete: true });
  });

  it("keeps the points of one time apart by their events", () => {
    const stream = recordedStream(ID, [EVENTS.RiskAssessed, assessed({ nav: 0.9 })]);
    const places = stream.flatMap((one) => equityCurve.project(one)).map(({ row }) => row);
    expect(places.map(({ atMs, sequence }) => [atMs, sequence])).to.deep.equal([
      [AS_OF_MS, 1],
      [AS_OF_MS, 2],
    ]);
  });

  it("is changed by nothing else that happens to a risk book", () => {
    for (const event of Object.values(EVENTS)) {
      if (event.type === "RiskAssessed") continue;
      expect(changes(event), event.type).to.deep.equal([]);
    }
  });

  it("leaves the same rows however the log is cut, and when it is read again", () => {
    const navs = [1, 0.9, 0.9, 1.1, 1.05];
    const points = navs.map((nav, minute) => assessed({ nav, asOfMs: AS_OF_MS + minute * 60_000 }));
    assertReplayable(equityCurve, recordedStream(ID, [...points, ...Object.values(EVENTS)]));
  });

  it("writes nothing that is not declared, and leaves nothing out", () => {
    assertDeclared(equityCurve, changes(EVENTS.RiskAssessed));
  });
});
