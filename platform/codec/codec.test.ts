import { expect } from "chai";
import { topics } from "../../kafka-topics/topics.ts";
import type { FundsWithdrawn } from "../../schemas/generated/portfolio.ts";
import { decimal } from "../kernel/decimal.ts";
import {
  DecodeError,
  EncodeError,
  type EventCodec,
  envelopeOf,
  eventId,
  isControl,
  openCodec,
  openReadCodec,
} from "./codec.ts";
import { openSqliteRegistry } from "./sqlite-registry.ts";
import { asRead, envelope, temporaryRegistry } from "./testing/codec-fixture.ts";

const TOPIC = "portfolio.events";

const withdrawn: FundsWithdrawn = {
  asset: "BTC",
  amount: decimal("0.25"),
  externalReference: "w-1",
  holdings: [],
  lotsOpened: [],
  lotsConsumed: [],
  postings: [
    { account: "assets:BTC:free", asset: "BTC", amount: decimal("-0.25"), balance: decimal("0") },
    { account: "equity", asset: "BTC", amount: decimal("0.25"), balance: decimal("1e-18") },
  ],
};
const event = { type: "FundsWithdrawn", data: withdrawn, occurredAtMs: 1_740_000_000_123 };

describe("the event codec", () => {
  const temporary = temporaryRegistry();
  let codec: EventCodec;

  before(async () => {
    codec = await openCodec({ registry: temporary.registry, topics });
  });
  after(() => temporary.close());

  function readElsewhere() {
    const registry = openSqliteRegistry({ folder: temporary.folder, readOnly: true });
    return { registry, reader: openReadCodec({ registry }) };
  }

  it("gives an event back with its envelope and place", () => {
    const record = asRead(codec.encode(TOPIC, event, envelope), 41);
    expect(record.key).to.equal("p-1");
    expect(codec.decode(TOPIC, 2, record)).to.deep.equal({
      ...envelope,
      event,
      topic: TOPIC,
      partition: 2,
      position: 41,
      recordedAtMs: record.timestampMs,
    });
    expect(envelopeOf(record)).to.deep.equal(envelope);
    expect(isControl(record)).to.equal(false);
  });

  it("reads in another thread or process what this one wrote, after preparing", async () => {
    const { registry, reader } = readElsewhere();
    const record = asRead(codec.encode(TOPIC, event, envelope));
    expect(() => reader.decode(TOPIC, 0, record)).to.throw(DecodeError, "no schema has the id");
    await reader.prepare([record, record]);
    expect(reader.decode(TOPIC, 0, record).event).to.deep.equal(event);
    await registry.close();
  });

  it("asks the registry once for each schema", async () => {
    const { registry } = readElsewhere();
    const asked: number[] = [];
    const byId = (id: number) => {
      asked.push(id);
      return registry.byId(id);
    };
    const counting = { ...registry, byId };
    const reader = openReadCodec({ registry: counting as typeof registry });
    const record = asRead(codec.encode(TOPIC, event, envelope));
    await reader.prepare([record, record]);
    await reader.prepare([record]);
    expect(asked).to.have.length(1);
    await registry.close();
  });

  it("writes and reads the log's own records in every topic", () => {
    for (const { topic } of topics) {
      const created = asRead(codec.encodeLogCreated(topic, "log-1"));
      const claim = asRead(codec.encodeClaim(topic, "host:1", 1_740_000_000_000), 1);
      expect([created.key, claim.key]).to.deep.equal(["~log", "~owner"]);
      expect([isControl(created), isControl(claim)]).to.deep.equal([true, true]);
      expect(codec.decode(topic, 0, created).event).to.deep.include({
        type: "LogCreated",
        data: { logId: "log-1" },
      });
      expect(codec.decode(topic, 0, claim)).to.deep.include({
        event: {
          type: "PartitionClaimed",
          data: { owner: "host:1" },
          occurredAtMs: 1_740_000_000_000,
        },
        aggregateId: "~owner",
        sequence: 0,
        position: 1,
      });
    }
  });

  it("registers every version of every event for the topics of its context", async () => {
    const subjects = await temporary.registry.subjects();
    expect(subjects).to.include.members([
      "portfolio.events-cipherhorizon.portfolio.FundsDeposited",
      "portfolio.events-cipherhorizon.platform.LogCreated",
      "market.quarantine-cipherhorizon.market_data.TicksQuarantined",
    ]);
    expect(subjects).not.to.include("market.events-cipherhorizon.portfolio.FundsDeposited");
    const name = "market.events-cipherhorizon.market_data.InstrumentRegistered";
    const versions = await temporary.registry.versions(name);
    expect(versions.map(({ version }) => version)).to.deep.equal([1, 2]);
  });

  it("gives the same ids when it is opened again", async () => {
    const again = await openCodec({ registry: temporary.registry, topics });
    const value = again.encode(TOPIC, event, envelope).value;
    expect(value).to.deep.equal(codec.encode(TOPIC, event, envelope).value);
  });

  it("names the field of data that does not fit the schema", () => {
    const bad = { ...event, data: { ...withdrawn, amount: 0.25 } };
    expect(() => codec.encode(TOPIC, bad, envelope)).to.throw(
      EncodeError,
      "FundsWithdrawn: amount does not fit the schema: not a Decimal: 0.25",
    );
    const posting = { ...withdrawn.postings[0], balance: decimal("1").shiftedBy(30) };
    const deep = { ...event, data: { ...withdrawn, postings: [posting] } };
    expect(() => codec.encode(TOPIC, deep, envelope)).to.throw(EncodeError, "postings.0.balance");
  });

  it("refuses a number beyond the safe integers as a long", () => {
    const data = { effectiveMs: 2 ** 53, reason: "" };
    const unsafe = { type: "InstrumentDelisted", data, occurredAtMs: 0 };
    const encode = () => codec.encode("market.events", unsafe, envelope);
    expect(encode).to.throw(EncodeError, "effectiveMs");
  });

  it("names the events of a topic when asked for another", () => {
    const foreign = { ...event, type: "TicksRecorded" };
    expect(() => codec.encode(TOPIC, foreign, envelope)).to.throw(EncodeError, "FundsWithdrawn");
    expect(() => codec.encode("nowhere", event, envelope)).to.throw(EncodeError, "none");
  });

  it("refuses an event whose time is no time", () => {
    const timeless = { ...event, occurredAtMs: Number.NaN };
    expect(() => codec.encode(TOPIC, timeless, envelope)).to.throw(RangeError);
  });

  describe("on a record that cannot be decoded", () => {
    const damages: readonly (readonly [string, string, (value: Uint8Array) => Uint8Array])[] = [
      ["an empty value", "BAD_MAGIC", () => new Uint8Array()],
      ["a value shorter than its head", "BAD_MAGIC", (value) => value.slice(0, 4)],
      ["another first byte", "BAD_MAGIC", (value) => Uint8Array.of(1, ...value.slice(1))],
      [
        "an unknown schema id",
        "UNKNOWN_SCHEMA",
        (value) => Uint8Array.of(0, 127, ...value.slice(2)),
      ],
      ["a body cut off", "MALFORMED_BODY", (value) => value.slice(0, -1)],
      ["a body that goes on", "MALFORMED_BODY", (value) => Uint8Array.of(...value, 0)],
    ];
    for (const [title, code, damage] of damages) {
      it(`tells code and place of ${title}`, async () => {
        const written = codec.encode(TOPIC, event, envelope);
        const record = { ...asRead(written, 17), value: damage(written.value) };
        await codec.prepare([record]);
        expect(() => codec.decode(TOPIC, 3, record))
          .to.throw(DecodeError, "portfolio.events/3 at 17")
          .that.includes({ code, topic: TOPIC, partition: 3, position: 17 });
      });
    }

    it("tells a header that is missing, and a type that is not the schema's", () => {
      const written = asRead(codec.encode(TOPIC, event, envelope));
      const ce_type = "cipherhorizon.portfolio.FundsDeposited";
      const headers = { ...written.headers, ce_type };
      expect(() => codec.decode(TOPIC, 0, { ...written, headers }))
        .to.throw(DecodeError, "header ce_type is cipherhorizon.portfolio.FundsDeposited")
        .with.property("code", "MALFORMED_HEADER");
      const { ce_time: _, ...timeless } = written.headers;
      expect(() => codec.decode(TOPIC, 0, { ...written, headers: timeless }))
        .to.throw(DecodeError, "ce_time")
        .with.property("code", "MALFORMED_HEADER");
    });
  });
});

describe("an event's id", () => {
  it("is the same for the same decision, and another for each part of it", () => {
    const id = eventId(TOPIC, "p-1", "c-1", 0);
    expect(id).to.equal("b747761e-8088-5df6-989e-284b87bfceed");
    expect(eventId(TOPIC, "p-1", "c-1", 0)).to.equal(id);
    const others = [
      eventId("market.events", "p-1", "c-1", 0),
      eventId(TOPIC, "p-2", "c-1", 0),
      eventId(TOPIC, "p-1", "c-2", 0),
      eventId(TOPIC, "p-1", "c-1", 1),
    ];
    expect(new Set([id, ...others])).to.have.property("size", 5);
  });

  it("differs by the sequence where command ids are not remembered", () => {
    const ids = [null, 1, 2].map((sequence) => eventId(TOPIC, "p-1", "c-1", 0, sequence));
    expect(new Set(ids)).to.have.property("size", 3);
    expect(ids[0]).to.equal(eventId(TOPIC, "p-1", "c-1", 0));
    expect(ids[1]).to.equal(eventId(TOPIC, "p-1", "c-1", 0, 1));
  });
});
