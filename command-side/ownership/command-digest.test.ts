import { expect } from "chai";
import fc from "fast-check";
import { decimal } from "../../platform/kernel/decimal.ts";
import type { CommandRequest } from "../gateway.ts";
import { canonicalText, digestCommand } from "./command-digest.ts";

describe("the hash of a command", () => {
  it("is that of the canonical text", () => {
    const data = { b: [1, "x", null], a: decimal("1.50"), left: undefined };
    expect(canonicalText(data)).to.equal('{"a":"1.5","b":[1,"x",null]}');
  });

  it("does not see the order of names", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const turned = Object.fromEntries(Object.entries(data).reverse());
        expect(canonicalText(turned)).to.equal(canonicalText(data));
      }),
    );
  });

  it("sees every change of type, aggregate and payload", () => {
    const request = { aggregate: "a", aggregateId: "1", command: { type: "T", data: { x: 1 } } };
    const hash = hashOf(request);
    expect(hashOf({ ...request, aggregateId: "2" })).not.to.equal(hash);
    expect(hashOf({ ...request, aggregate: "b" })).not.to.equal(hash);
    expect(hashOf({ ...request, command: { type: "U", data: { x: 1 } } })).not.to.equal(hash);
    expect(hashOf({ ...request, command: { type: "T", data: { x: 2 } } })).not.to.equal(hash);
    expect(hashOf({ ...request, command: { type: "T", data: { x: 1 } } })).to.equal(hash);
  });
});

function hashOf(request: Pick<CommandRequest, "aggregate" | "aggregateId" | "command">): string {
  return digestCommand({
    ...request,
    commandId: "",
    expectedVersion: null,
    actor: "",
    authority: "all",
    correlationId: "",
    causationId: null,
    causationPosition: null,
    traceparent: null,
  }).hash;
}
