import { expect } from "chai";
import fc from "fast-check";
import { SCHEMA_FOLDER } from "./codec.ts";
import { KnownEvents } from "./known-events.ts";
import { arbitraryData } from "./testing/arbitrary-data.ts";
import { decodeBody, encodeValue, HEAD_BYTES, schemaIdOf } from "./wire.ts";

const SCHEMA_ID = 0x01020304;
const FLIPS = 3;

describe("the value of an event", () => {
  const events = new KnownEvents(SCHEMA_FOLDER);
  const known = events.schemas.map(({ fullName }) => fullName);

  for (const fullName of new Set(known)) {
    const event = events.byFullName(fullName);
    if (!event) throw new Error(`${fullName} is not known`);
    const { type, newest } = event;

    it(`gives any ${fullName} back as it was`, () => {
      fc.assert(
        fc.property(arbitraryData(newest.schema), (data) => {
          const value = encodeValue(SCHEMA_ID, type, data);
          expect(schemaIdOf(value)).to.equal(SCHEMA_ID);
          expect(decodeBody(value, type)).to.deep.equal(data);
        }),
      );
    });

    it(`refuses a ${fullName} that is cut off or goes on`, () => {
      fc.assert(
        fc.property(arbitraryData(newest.schema), fc.double({ min: 0, max: 1 }), (data, at) => {
          const value = encodeValue(SCHEMA_ID, type, data);
          const cut = HEAD_BYTES + Math.floor(at * (value.length - HEAD_BYTES - 1));
          expect(() => decodeBody(value.slice(0, cut), type)).to.throw(/body/);
          const longer = Buffer.concat([value, Buffer.alloc(1)]);
          expect(() => decodeBody(longer, type)).to.throw(/goes on after/);
        }),
      );
    });

    it(`ends soon on a damaged ${fullName}, with data or a refusal`, () => {
      const places = fc.array(fc.nat(), { minLength: FLIPS, maxLength: FLIPS });
      fc.assert(
        fc.property(arbitraryData(newest.schema), places, (data, flips) => {
          const value = encodeValue(SCHEMA_ID, type, data);
          for (const flip of flips) damage(value, flip);
          try {
            decodeBody(value, type);
          } catch (error) {
            expect(error).to.have.property("code", "MALFORMED_BODY");
          }
        }),
      );
    });
  }

  it("grows with the event, far beyond the first scratch buffer", () => {
    const event = events.byFullName("cipherhorizon.market_data.TicksQuarantined");
    const ticks = Array.from({ length: 500 }, (_, index) => `${index}`.repeat(1000));
    const data = { exchange: "binance", symbol: "X", reason: "absurd", receivedMs: 1, ticks };
    if (!event) throw new Error("TicksQuarantined is not known");
    const value = encodeValue(SCHEMA_ID, event.type, data);
    expect(decodeBody(value, event.type)).to.deep.equal(data);
  });

  it("stands in a buffer of its own, so that it can be handed to another thread", () => {
    const event = events.byFullName("cipherhorizon.platform.LogCreated");
    if (!event) throw new Error("LogCreated is not known");
    const value = encodeValue(SCHEMA_ID, event.type, { logId: "x" });
    expect(value.buffer.byteLength).to.equal(value.length);
    expect(Buffer.from(value).toString("hex")).to.equal("00010203040278");
  });
});

function damage(value: Uint8Array, flip: number): void {
  const at = HEAD_BYTES + (flip % (value.length - HEAD_BYTES));
  value[at] = (value[at] ?? 0) ^ (1 << (flip % 8));
}
