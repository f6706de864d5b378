import { expect } from "chai";
import fc from "fast-check";
import type { InstrumentRegistered } from "../../schemas/generated/market-data.ts";
import { upcasters } from "../../schemas/upcast/upcasters.ts";
import { decimal } from "../kernel/decimal.ts";
import { avroType } from "./avro-type.ts";
import { openCodec, openReadCodec, SCHEMA_FOLDER } from "./codec.ts";
import { compatibilityProblems } from "./compatibility.ts";
import { newestVersions, readSchemaFiles } from "./schema-files.ts";
import { arbitraryData } from "./testing/arbitrary-data.ts";
import { asRead, envelope, schemaFolder, temporaryRegistry } from "./testing/codec-fixture.ts";
import { decodeBody, encodeValue } from "./wire.ts";

const schemas = readSchemaFiles(SCHEMA_FOLDER);
const topics = [{ topic: "market.events", context: "market-data" }];

describe("every released version of an event", () => {
  for (const writer of schemas) {
    for (const reader of schemas.filter(({ fullName }) => fullName === writer.fullName)) {
      const title = `${writer.fullName} v${writer.version}`;
      it(`is readable: ${title} by v${reader.version}`, () => {
        expect(compatibilityProblems(reader.schema, writer.schema)).to.deep.equal([]);
        const [written, read] = [avroType(writer.schema), avroType(reader.schema)];
        const resolver = read.createResolver(written);
        const names = reader.schema.fields.map(({ name }) => name);
        fc.assert(
          fc.property(arbitraryData(writer.schema), (data) => {
            const result = decodeBody(encodeValue(1, written, data), read, resolver);
            expect(result).to.have.all.keys(names);
            for (const name of names.filter((one) => one in data)) {
              expect(result).to.have.deep.property(name, data[name]);
            }
          }),
          { numRuns: 20 },
        );
      });
    }
  }
});

describe("every upcaster", () => {
  for (const { fullName, fromVersion } of upcasters) {
    it(`lifts a version there is: ${fullName} v${fromVersion}`, () => {
      const newest = newestVersions(schemas).find((schema) => schema.fullName === fullName);
      expect(newest).to.have.property("version").above(fromVersion);
    });
  }
});

describe("a planted schema that does not go together with what is registered", () => {
  const { registry, close } = temporaryRegistry();
  after(() => close());

  it("is refused by name of its field when the codec opens", async () => {
    await openCodec({ registry, topics });
    const released = schemas.find(({ name }) => name === "InstrumentDelisted");
    if (!released) throw new Error("InstrumentDelisted must stay in schemas/");
    const fields = [...released.schema.fields, { name: "successor", type: "string" as const }];
    const planted = schemaFolder({
      "market-data/InstrumentDelisted/v1": { ...released.schema, fields },
    });
    const opening = openCodec({ registry, topics, schemaFolder: planted });
    expect(await opening.then(String, String)).to.contain(
      "cipherhorizon.market_data.InstrumentDelisted.successor: new field without default",
    );
  });
});

describe("InstrumentRegistered, v1 and v2", () => {
  const versionOne = schemas.find(({ name, version }) => {
    return name === "InstrumentRegistered" && version === 1;
  });
  if (!versionOne) throw new Error("InstrumentRegistered v1 must stay in schemas/");
  const oldFolder = schemaFolder({ "market-data/InstrumentRegistered/v1": versionOne.schema });
  const { registry, close } = temporaryRegistry();
  const registered: Omit<InstrumentRegistered, "kind" | "expiryMs"> = {
    exchange: "binance",
    symbol: "BTCUSDT",
    base: "BTC",
    quote: "USDT",
    priceStep: decimal("0.01"),
    quantityStep: decimal("0.00001"),
    minQuantity: null,
    minNotional: decimal("5"),
    contractSize: null,
  };

  after(() => close());

  function eventOf(data: object) {
    return { type: "InstrumentRegistered", data, occurredAtMs: 1_740_000_000_000 };
  }

  it("an old event is read at the newest version, its kind filled in", async () => {
    const oldCodec = await openCodec({ registry, topics, schemaFolder: oldFolder });
    const inverse = { ...registered, contractSize: decimal("100") };
    const records = [registered, inverse].map((data, index) => {
      return asRead(oldCodec.encode("market.events", eventOf(data), envelope), index);
    });
    const codec = openReadCodec({ registry });
    await codec.prepare(records);
    const read = records.map((record) => codec.decode("market.events", 0, record).event.data);
    expect(read).to.deep.equal([
      { ...registered, kind: "spot", expiryMs: null },
      { ...inverse, kind: "inverse-perpetual", expiryMs: null },
    ]);
  });

  it("an old reader beside a new writer reads what it knows", async () => {
    const codec = await openCodec({ registry, topics });
    const event = eventOf({ ...registered, kind: "perpetual", expiryMs: null });
    const record = asRead(codec.encode("market.events", event, envelope));
    const oldReader = openReadCodec({ registry, schemaFolder: oldFolder });
    await oldReader.prepare([record]);
    const read = oldReader.decode("market.events", 0, record);
    expect(read.event).to.deep.equal(eventOf(registered));
  });

  it("a kind that is there stays, whichever version wrote it", async () => {
    const codec = await openCodec({ registry, topics });
    const event = eventOf({ ...registered, kind: "future", expiryMs: 1 });
    const record = asRead(codec.encode("market.events", event, envelope));
    expect(codec.decode("market.events", 0, record).event).to.deep.equal(event);
  });

  it("an event that this code does not know is refused by name", async () => {
    const codec = await openCodec({ registry, topics });
    const other = topics.map(({ topic }) => ({ topic, context: "platform" }));
    const oldReader = openReadCodec({ registry, schemaFolder: oldFolder });
    const record = asRead(
      (await openCodec({ registry, topics: other })).encodeClaim("market.events", "me", 0),
    );
    await oldReader.prepare([record]);
    expect(codec.decode("market.events", 0, record).event.type).to.equal("PartitionClaimed");
    expect(() => oldReader.decode("market.events", 0, record))
      .to.throw("this code knows no cipherhorizon.platform.PartitionClaimed")
      .with.property("code", "UNKNOWN_EVENT");
  });
});
