import { expect } from "chai";
import { decimal, list, number, optional, record, shape, text } from "./shape.ts";

const row = shape({ asset: text, quantity: decimal, note: optional(text) });

describe("an answer's shape", () => {
  it("gives the members that are asked for", () => {
    const value = [{ asset: "BTC", quantity: "0.5", more: true }];
    expect(list(row)(value, "data")).to.deep.equal([{ asset: "BTC", quantity: "0.5", note: null }]);
    expect(record(number)({ "a/0": 7 }, "position")).to.deep.equal({ "a/0": 7 });
  });

  it("names the place where an answer is another", () => {
    expect(() => list(row)([{ asset: "BTC", quantity: "1e-8" }], "data")).to.throw(
      'data/0/quantity is "1e-8", not a decimal',
    );
    expect(() => list(row)({}, "data")).to.throw("data is {}, not a list");
    expect(() => row({ quantity: "1" }, "data")).to.throw("data/asset is missing, not text");
    expect(() => row(null, "data")).to.throw("data is null, not an object");
  });
});
