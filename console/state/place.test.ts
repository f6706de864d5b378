import { expect } from "chai";
import fc from "fast-check";
import { hrefOf, hrefWith, parsePlace } from "./place.ts";

describe("a place in the console", () => {
  it("is the overview where the address names none", () => {
    for (const hash of ["", "#", "#/"]) expect(parsePlace(hash).page).to.equal("overview");
  });

  it("has its page, its id and its query in the address", () => {
    const hash = hrefOf("market", "binance:BTC-USDT", { interval: "5m", to: null });
    expect(hash).to.equal("#/market/binance:BTC-USDT?interval=5m");
    const query = { interval: "5m" };
    expect(parsePlace(hash)).to.deep.equal({ page: "market", id: "binance:BTC-USDT", query });
  });

  it("is the same after the address, whatever the id and the query hold", () => {
    const texts = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(
        texts,
        fc.dictionary(fc.constantFrom("topic", "from", "a b"), texts),
        (id, query) => {
          const place = parsePlace(hrefOf("events", id, query));
          expect(place).to.deep.equal({ page: "events", id, query });
        },
      ),
    );
  });

  it("changes one member of its query and keeps the others", () => {
    const place = parsePlace("#/events?topic=market.events&from=start");
    expect(hrefWith(place, { from: null })).to.equal("#/events?topic=market.events");
    expect(hrefWith(place, { type: "CandleClosed" })).to.contain(
      "topic=market.events&from=start&type=",
    );
  });

  it("typed by hand with broken percent-encoding is taken as it stands", () => {
    expect(parsePlace("#/market/100%").id).to.equal("100%");
  });
});
