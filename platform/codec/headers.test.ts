import { expect } from "chai";
import type { LogRecord } from "../log/log.ts";
import { MalformedRecord } from "./codec-errors.ts";
import { cloudEventHeaders, envelopeHeaders, envelopeOf, isControl } from "./headers.ts";
import { envelope } from "./testing/codec-fixture.ts";

const cloudEvent = {
  id: envelope.eventId,
  topic: "portfolio.events",
  fullName: "cipherhorizon.portfolio.FundsDeposited",
  subject: envelope.aggregateId,
  timeMs: 1_740_000_000_123,
};

function record(
  changes: Record<string, string | undefined> = {},
): Pick<LogRecord, "key" | "headers"> {
  const all = { ...cloudEventHeaders(cloudEvent), ...envelopeHeaders(envelope), ...changes };
  const set = Object.entries(all).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  return { key: envelope.aggregateId, headers: Object.fromEntries(set) };
}

describe("the headers of an event", () => {
  it("are CloudEvents 1.0 and our extensions", () => {
    expect(record().headers).to.deep.equal({
      ce_specversion: "1.0",
      ce_id: "2fc5b4ac-33f1-5de5-8160-35930c0f84be",
      ce_source: "/portfolio.events",
      ce_type: "cipherhorizon.portfolio.FundsDeposited",
      ce_subject: "p-1",
      ce_time: "2025-02-19T21:20:00.123Z",
      "content-type": "application/avro",
      ce_sequence: "7",
      ce_epoch: "3",
      ce_commandid: "0195a3c1-0000-7000-8000-000000000001",
      ce_commandindex: "1/2",
      ce_commandhash: "ab".repeat(32),
      ce_correlationid: "0195a3c1-0000-7000-8000-000000000002",
      ce_causationid: "0195a3c1-0000-7000-8000-000000000003",
      ce_causationposition: "market.events/3/120",
      ce_actor: "ada@example.org",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
  });

  it("give the envelope back", () => {
    expect(envelopeOf(record())).to.deep.equal(envelope);
  });

  it("leave out what the envelope does not have", () => {
    const bare = { ...envelope, causationId: null, causationPosition: null, traceparent: null };
    const headers = { ...cloudEventHeaders(cloudEvent), ...envelopeHeaders(bare) };
    expect(headers).not.to.have.any.keys("ce_causationid", "ce_causationposition", "traceparent");
    expect(envelopeOf({ key: "p-1", headers })).to.deep.equal(bare);
  });

  const wrong: readonly (readonly [string, string | undefined])[] = [
    ["ce_id", undefined],
    ["ce_sequence", undefined],
    ["ce_sequence", ""],
    ["ce_sequence", "-1"],
    ["ce_sequence", "1.5"],
    ["ce_sequence", "9007199254740993"],
    ["ce_epoch", "x"],
    ["ce_commandid", undefined],
    ["ce_commandindex", "1"],
    ["ce_commandindex", "a/b"],
    ["ce_causationposition", "market.events"],
    ["ce_causationposition", "market.events/1/-1"],
    ["ce_actor", undefined],
  ];
  for (const [name, text] of wrong) {
    it(`are refused by name when ${name} is ${text === undefined ? "missing" : `"${text}"`}`, () => {
      expect(() => envelopeOf(record({ [name]: text })))
        .to.throw(MalformedRecord, name)
        .with.property("code", "MALFORMED_HEADER");
    });
  }

  it("tell the log's own records from those of aggregates", () => {
    expect(isControl(record())).to.equal(false);
    expect(isControl(record({ ce_type: undefined }))).to.equal(false);
    expect(isControl(record({ ce_type: "cipherhorizon.platform.LogCreated" }))).to.equal(true);
  });
});
