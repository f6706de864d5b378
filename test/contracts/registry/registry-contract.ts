import { expect } from "chai";
import { IncompatibleSchema, type SchemaRegistry } from "../../../platform/codec/registry.ts";
import type { AvroField, RecordSchema } from "../../../platform/codec/schema-files.ts";

/** What an adapter gives the suite: one registry, opened as often as asked. */
export interface RegistryUnderTest {
  /** A connection to the same registry; what one registers, all others see. */
  open(): Promise<SchemaRegistry>;
  /** Closes all connections and removes the registry. */
  remove(): Promise<void>;
}

const SUBJECT = "portfolio.events-cipherhorizon.portfolio.FundsDeposited";
const OTHER_SUBJECT = "copies.events-cipherhorizon.portfolio.FundsDeposited";
const PARALLEL_REGISTRATIONS = 20;
const NEVER_GIVEN = 2 ** 31 - 1;

const asset: AvroField = { name: "asset", type: "string" };

function deposited(...fields: readonly AvroField[]): RecordSchema {
  const namespace = "cipherhorizon.portfolio";
  return { type: "record", name: "FundsDeposited", namespace, fields: [asset, ...fields] };
}

function optional(name: string): AvroField {
  return { name, type: "string", default: "" };
}

/** The suite that every adapter of the schema registry passes. */
export function describeRegistry(adapter: string, create: () => Promise<RegistryUnderTest>): void {
  describe(`schema registry: ${adapter}`, () => {
    let under: RegistryUnderTest;
    let registry: SchemaRegistry;

    beforeEach(async () => {
      under = await create();
      registry = await under.open();
    });
    afterEach(() => under.remove());

    async function refusal(schema: RecordSchema): Promise<IncompatibleSchema> {
      try {
        await registry.register(SUBJECT, schema);
      } catch (error) {
        if (error instanceof IncompatibleSchema) return error;
        throw error;
      }
      throw new Error("the schema was registered");
    }

    it("gives a schema back by its id", async () => {
      const id = await registry.register(SUBJECT, deposited());
      expect(await registry.byId(id)).to.deep.equal(deposited());
    });

    it("has nothing under an id or a subject it never gave", async () => {
      expect(await registry.byId(NEVER_GIVEN)).to.equal(null);
      expect(await registry.versions(SUBJECT)).to.deep.equal([]);
      expect(await registry.subjects()).to.deep.equal([]);
      expect(await registry.idOf(SUBJECT, deposited())).to.equal(null);
    });

    it("gives ids that fit the wire format", async () => {
      const id = await registry.register(SUBJECT, deposited());
      expect(id)
        .to.satisfy(Number.isInteger)
        .and.be.within(1, 2 ** 31 - 1);
    });

    it("gives the same id for the same schema, whatever its documentation and layout", async () => {
      const id = await registry.register(SUBJECT, deposited());
      const { fields, ...head } = deposited();
      const same = { fields: fields.map((field) => ({ doc: "Which.", ...field })), ...head };
      expect(await registry.register(SUBJECT, { ...same, doc: "An asset came in." })).to.equal(id);
      expect(await registry.versions(SUBJECT)).to.have.length(1);
      expect(await registry.idOf(SUBJECT, same)).to.equal(id);
    });

    it("gives the same id for the same schema in another subject", async () => {
      const id = await registry.register(SUBJECT, deposited());
      expect(await registry.idOf(OTHER_SUBJECT, deposited())).to.equal(null);
      expect(await registry.register(OTHER_SUBJECT, deposited())).to.equal(id);
      expect(await registry.idOf(OTHER_SUBJECT, deposited())).to.equal(id);
      expect(await registry.subjects()).to.deep.equal([OTHER_SUBJECT, SUBJECT]);
    });

    it("tells schemas apart that differ in a default alone", async () => {
      const one = await registry.register(SUBJECT, deposited({ ...optional("by"), default: "a" }));
      const two = await registry.register(SUBJECT, deposited({ ...optional("by"), default: "b" }));
      expect(one).not.to.equal(two);
    });

    it("numbers the versions of a subject in the order they came", async () => {
      const schemas = [deposited(), deposited(optional("by")), deposited(optional("for"))];
      const ids: number[] = [];
      for (const schema of schemas) ids.push(await registry.register(SUBJECT, schema));
      expect(new Set(ids)).to.have.property("size", 3);
      expect(await registry.versions(SUBJECT)).to.deep.equal(
        schemas.map((schema, index) => ({ version: index + 1, id: ids[index], schema })),
      );
      await registry.register(SUBJECT, deposited());
      expect(await registry.versions(SUBJECT)).to.have.length(3);
    });

    it("shows to others what one registered, and keeps it when reopened", async () => {
      const id = await registry.register(SUBJECT, deposited());
      const other = await under.open();
      expect(await other.byId(id)).to.deep.equal(deposited());
      await registry.close();
      registry = await under.open();
      expect(await registry.register(SUBJECT, deposited())).to.equal(id);
      expect(await registry.register(SUBJECT, deposited(optional("by")))).not.to.equal(id);
    });

    it("gives one id when several register the same schema at once", async () => {
      const others = await Promise.all(
        Array.from({ length: PARALLEL_REGISTRATIONS }, () => under.open()),
      );
      const ids = await Promise.all(others.map((one) => one.register(SUBJECT, deposited())));
      expect(new Set(ids)).to.have.property("size", 1);
      expect(await registry.versions(SUBJECT)).to.have.length(1);
    });

    it("refuses a new field without default and names it", async () => {
      await registry.register(SUBJECT, deposited());
      const error = await refusal(deposited({ name: "amount", type: "string" }));
      expect(error.message).to.contain(SUBJECT).and.contain("FundsDeposited.amount");
      expect(error.problems).to.have.length(1);
      expect(await registry.versions(SUBJECT)).to.have.length(1);
    });

    it("refuses to remove a field that had no default", async () => {
      await registry.register(SUBJECT, deposited({ name: "amount", type: "string" }));
      expect((await refusal(deposited())).message).to.contain("FundsDeposited.amount");
    });

    it("refuses another type", async () => {
      await registry.register(SUBJECT, deposited({ ...optional("by"), type: "string" }));
      const error = await refusal(deposited({ name: "by", type: "long", default: 0 }));
      expect(error.message).to.contain("FundsDeposited.by");
    });

    it("compares with every version, not with the last alone", async () => {
      const by: AvroField = { name: "by", type: "string" };
      await registry.register(SUBJECT, deposited());
      await registry.register(SUBJECT, deposited({ ...by, default: "" }));
      expect((await refusal(deposited(by))).message).to.contain("FundsDeposited.by");
    });

    it("goes on after a refusal", async () => {
      const id = await registry.register(SUBJECT, deposited());
      await refusal(deposited({ name: "amount", type: "string" }));
      expect(await registry.register(SUBJECT, deposited())).to.equal(id);
      await registry.register(SUBJECT, deposited(optional("by")));
      expect(await registry.versions(SUBJECT)).to.have.length(2);
    });
  });
}
