import { expect } from "chai";
import fc from "fast-check";
import { decodeHeaders, encodeHeaders } from "./headers.ts";

describe("headers in the embedded log", () => {
  it("come back as they were, numbered or not", () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("ce_id", "traceparent", "__proto__", "0"));
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (headers) => {
        const { ...expected } = headers;
        expect({ ...decodeHeaders(encodeHeaders(headers)) }).to.deep.equal(expected);
      }),
    );
  });

  it("have numbers that never change, because they are in log files", () => {
    const text = '[0,"1.0",1,"a",2,"b",3,"c",4,"d",5,"e",6,"f",7,"g",8,"h","x-own","i"]';
    const headers = {
      ce_specversion: "1.0",
      ce_id: "a",
      ce_source: "b",
      ce_type: "c",
      ce_subject: "d",
      ce_time: "e",
      "content-type": "f",
      ce_sequence: "g",
      ce_epoch: "h",
      "x-own": "i",
    };
    expect(encodeHeaders(headers)).to.equal(text);
    expect(decodeHeaders(text)).to.deep.equal(headers);
    expect(decodeHeaders('[9,"a",10,"b",11,"c",12,"d",13,"e",14,"f",15,"g",16,"h"]')).to.deep.equal(
      {
        ce_commandid: "a",
        ce_commandindex: "b",
        ce_commandhash: "c",
        ce_correlationid: "d",
        ce_causationid: "e",
        ce_causationposition: "f",
        ce_actor: "g",
        traceparent: "h",
      },
    );
  });

  it("of a newer version are refused by number", () => {
    expect(() => decodeHeaders('[99,"x"]')).to.throw("header number 99 is unknown");
  });
});
