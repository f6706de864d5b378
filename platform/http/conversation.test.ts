import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { conversationOf } from "./conversation.ts";

function conversation(headers: Record<string, string>) {
  return conversationOf({ headers } as unknown as IncomingMessage);
}

describe("the conversation of a request", () => {
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const parent = "00f067aa0ba902b7";

  it("keeps the trace it came with, also of a later version", () => {
    const traceparent = `00-${trace}-${parent}-01`;
    expect(conversation({ traceparent }).traceparent).equal(traceparent);
    expect(conversation({ traceparent: `01-${trace}-${parent}-01-more` }).traceparent).equal(
      traceparent,
    );
  });

  it("begins a new trace where the old one is broken", () => {
    const broken = [
      "",
      "00",
      `ff-${trace}-${parent}-01`,
      `00-${trace}-${parent}-01-more`,
      `00-${"0".repeat(32)}-${parent}-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
      `00-${trace.toUpperCase()}-${parent}-01`,
    ];
    for (const traceparent of broken) {
      const made = conversation({ traceparent }).traceparent;
      expect(made).match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(made).not.contain(trace);
    }
  });

  it("makes a correlation id, takes a UUID, refuses anything else", () => {
    expect(conversation({}).correlationId).match(/^[0-9a-f-]{36}$/);
    const given = "018F6F7E-6B1A-7C3E-9D52-0A1B2C3D4E5F";
    expect(conversation({ "x-correlation-id": given }).correlationId).equal(given.toLowerCase());
    expect(() => conversation({ "x-correlation-id": "mine" })).throw("X-Correlation-Id");
  });
});
