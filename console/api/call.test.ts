import { expect } from "chai";
import { at, curlOf, withQuery } from "./call.ts";

describe("a call's address", () => {
  it("encodes what is put in, and keeps colons readable", () => {
    const { path, route } = at`/v1/instruments/${"binance:BTC-USDT"}/ticks`;
    expect(path).to.equal("/v1/instruments/binance:BTC-USDT/ticks");
    expect(route).to.equal("/v1/instruments/{}/ticks");
    expect(at`/v1/portfolios/${"../a b?"}`.path).to.equal("/v1/portfolios/..%2Fa%20b%3F");
  });

  it("leaves out parameters that are not given", () => {
    const address = withQuery(at`/v1/events`, { topic: "a.events", type: null, limit: 5 });
    expect(address.path).to.equal("/v1/events?topic=a.events&limit=5");
    expect(withQuery(at`/v1/events`, { topic: "" }).path).to.equal("/v1/events");
  });

  it("stays one word in a shell", () => {
    const origin = "http://h";
    expect(curlOf("/v1/x?a='; rm", { origin, stream: true })).to.equal(
      "curl -N 'http://h/v1/x?a=%27; rm'",
    );
    expect(curlOf("/v1/x", { origin, needsKey: true })).to.equal(
      `curl -H "Authorization: Bearer $CH_API_KEY" 'http://h/v1/x'`,
    );
  });
});
