import { expect } from "chai";
import fc from "fast-check";
import { decimal } from "../../platform/kernel/decimal.ts";
import type { CommandRequest } from "../gateway.ts";
import { digestCommand } from "../ownership/command-digest.ts";
import { aggregates } from "../registry.ts";
import { packCommand, packOutcome, unpackCommand, unpackOutcome } from "./packed-command.ts";

function request(command: CommandRequest["command"], aggregate = "portfolio"): CommandRequest {
  return {
    ...{ aggregate, aggregateId: "~a", command, commandId: "c", expectedVersion: "none" },
    ...{ actor: "~~someone", authority: "own", correlationId: "k", causationId: null },
    ...{ causationPosition: { topic: "t", partition: 1, position: 2 }, traceparent: null },
  };
}

describe("a command on its way to another process", () => {
  it("arrives as it left, every command of every aggregate", () => {
    for (const { name, commands } of aggregates) {
      for (const [type, { payload, example }] of Object.entries(commands)) {
        const sent = request({ type, data: payload.parse(example) }, name);
        const come = unpackCommand(packCommand(sent));
        expect(come, type).to.deep.equal(sent);
        expect(digestCommand(come), type).to.deep.equal(digestCommand(sent));
      }
    }
  });

  it("keeps apart decimals and texts that look like packed ones", () => {
    const text = fc.oneof(fc.constantFrom("~", "~~", "~d1", "~d", "d1"), fc.string());
    const amount = fc.integer().map((units) => decimal(String(units)).shiftedBy(-5));
    const data = fc.dictionary(text, fc.oneof(text, amount, fc.array(fc.oneof(text, amount))));
    fc.assert(
      fc.property(data, (one) => {
        const sent = request({ type: "Any", data: { ...one } });
        const { data: come } = unpackCommand(packCommand(sent)).command;
        expect(come).to.deep.equal({ ...one });
      }),
    );
  });

  it("leaves facts behind, and its outcome comes back", () => {
    const sent = { ...request({ type: "Any", data: {} }), facts: { price: decimal("1") } };
    expect(unpackCommand(packCommand(sent))).to.not.have.property("facts");
    const facts = { balance: decimal("1.5"), asset: "~USDT" };
    const outcome = { outcome: "failed", code: "NOT_OWNED", detail: "~", facts } as const;
    const line = JSON.parse(JSON.stringify(packOutcome(outcome)));
    expect(unpackOutcome(line)).to.deep.equal(outcome);
  });
});
