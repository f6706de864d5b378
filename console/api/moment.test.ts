import { expect } from "chai";
import { hrefOf, hrefWith, parsePlace } from "../state/place.ts";
import { at, withQuery } from "./call.ts";
import { moment } from "./moment.ts";

describe("a moment of the past", () => {
  const asOf = "2026-01-31T12:00:00Z";
  const portfolio = at`/v1/portfolios/${"p-1"}`;

  afterEach(() => {
    moment.asOf = null;
  });

  it("is asked for of every read model, and of nothing that tells of now", () => {
    moment.asOf = asOf;
    const asked = "asOf=2026-01-31T12%3A00%3A00Z";
    expect(moment.of(portfolio).path).to.equal(`/v1/portfolios/p-1?${asked}`);
    const page = withQuery(portfolio, { limit: 5 });
    expect(moment.of(page).path).to.equal(`/v1/portfolios/p-1?limit=5&${asked}`);
    for (const ofNow of [at`/v1/projections`, at`/v1/events`, at`/metrics`]) {
      expect(moment.of(ofNow)).to.equal(ofNow);
    }
  });

  it("is nothing while it is now", () => {
    expect(moment.of(portfolio)).to.equal(portfolio);
    expect(hrefOf("portfolios", "p-1")).to.equal("#/portfolios/p-1");
  });

  it("goes along from page to page, until it is given up", () => {
    moment.asOf = asOf;
    const there = hrefOf("portfolios", "p-1");
    expect(there).to.equal(`#/portfolios/p-1?asOf=${asOf}`);
    expect(hrefWith(parsePlace(there), { asOf: null })).to.equal("#/portfolios/p-1");
  });
});
