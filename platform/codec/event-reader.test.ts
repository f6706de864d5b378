import { expect } from "chai";
import type { Upcaster } from "../../schemas/upcast/upcaster.ts";
import { avroType } from "./avro-type.ts";
import { RegistryEventReader } from "./event-reader.ts";
import { cloudEventHeaders, envelopeHeaders } from "./headers.ts";
import { KnownEvents } from "./known-events.ts";
import type { AvroField, RecordSchema } from "./schema-files.ts";
import { asRead, envelope, schemaFolder, temporaryRegistry } from "./testing/codec-fixture.ts";
import { encodeValue } from "./wire.ts";

const FULL_NAME = "cipherhorizon.portfolio.Closed";
const lifted: AvroField = { name: "lifted", type: "string", default: "" };

function version(...names: string[]): RecordSchema {
  const added = names.map((name): AvroField => ({ name, type: "int", default: 0 }));
  const fields = [lifted, ...added];
  return { type: "record", name: "Closed", namespace: "cipherhorizon.portfolio", fields };
}

const versions = [version(), version("two"), version("two", "three")];

/** Says in the data which version it lifted from. */
function marking(fromVersion: number, fullName = FULL_NAME): Upcaster {
  return {
    fullName,
    fromVersion,
    upcast: (data) => {
      const before = (data as { lifted: string }).lifted;
      return { ...(data as object), lifted: `${before}${fromVersion}` };
    },
  };
}

describe("reading events of several versions", () => {
  const { registry, close } = temporaryRegistry();
  const files = versions.map((schema, index) => [`portfolio/Closed/v${index + 1}`, schema]);
  const upcasters = [marking(2), marking(1), marking(3), marking(1, "cipherhorizon.risk.Closed")];
  after(() => close());

  /** The data of an event written with `schema`, as this code with `known` versions reads it. */
  async function read(schema: RecordSchema, known: number): Promise<unknown> {
    const events = new KnownEvents(schemaFolder(Object.fromEntries(files.slice(0, known))));
    const reader = new RegistryEventReader({ registry, events, upcasters });
    const id = await registry.register("t-Closed", schema);
    const value = encodeValue(id, avroType(schema), { lifted: "", two: 2, three: 3 });
    const cloudEvent = { id: "1", topic: "t", fullName: FULL_NAME, subject: "p-1", timeMs: 0 };
    const headers = { ...cloudEventHeaders(cloudEvent), ...envelopeHeaders(envelope) };
    const record = asRead({ key: "p-1", value, headers });
    await reader.prepare([record]);
    return reader.decode("t", 0, record).event.data;
  }

  it("lifts an event step by step, from its own version to the newest", async () => {
    expect(await read(version(), 3)).to.deep.equal({ lifted: "12", two: 0, three: 0 });
    expect(await read(version("two"), 3)).to.deep.equal({ lifted: "2", two: 2, three: 0 });
  });

  it("leaves an event of the newest version as it is", async () => {
    expect(await read(version("two", "three"), 3)).to.deep.equal({ lifted: "", two: 2, three: 3 });
  });

  it("lifts no further than this code's newest version", async () => {
    expect(await read(version(), 2)).to.deep.equal({ lifted: "1", two: 0 });
  });

  it("lifts nothing of a version newer than this code", async () => {
    expect(await read(version("two", "three"), 2)).to.deep.equal({ lifted: "", two: 2 });
    expect(await read(version("two", "four"), 3)).to.deep.equal({ lifted: "", two: 2, three: 0 });
  });
});
