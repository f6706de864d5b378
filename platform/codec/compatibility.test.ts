import { expect } from "chai";
import fc from "fast-check";
import { avroType } from "./avro-type.ts";
import { compatibilityProblems } from "./compatibility.ts";
import type { AvroField, AvroType, RecordSchema } from "./schema-files.ts";

const decimalType: AvroType = { type: "bytes", logicalType: "decimal", precision: 38, scale: 18 };
const asset: AvroField = { name: "asset", type: "string" };

function record(...fields: readonly AvroField[]): RecordSchema {
  return { type: "record", name: "FundsDeposited", namespace: "cipherhorizon.portfolio", fields };
}

function lot(...fields: readonly AvroField[]): RecordSchema {
  return { type: "record", name: "Lot", fields };
}

function side(...symbols: string[]): AvroField {
  return { name: "side", type: { type: "enum", name: "Side", symbols } };
}

/** Each with the newer schema, the older one, and what is said about them. */
const REFUSED: readonly (readonly [string, RecordSchema, RecordSchema, string])[] = [
  [
    "a new field without default",
    record(asset, { name: "amount", type: decimalType }),
    record(asset),
    "cipherhorizon.portfolio.FundsDeposited.amount: new field without default, so events of " +
      "older versions cannot be read; give it a default",
  ],
  [
    "a removed field that had no default",
    record(),
    record(asset),
    "cipherhorizon.portfolio.FundsDeposited.asset: removed field that had no default, so older " +
      "readers cannot do without it; keep it",
  ],
  [
    "a field of another type",
    record({ name: "asset", type: "long" }),
    record(asset),
    "cipherhorizon.portfolio.FundsDeposited.asset: type changed from string to long, which not " +
      "every version can read; keep the type and add a field with a default",
  ],
  [
    "a wider number, which older readers do not take",
    record({ name: "n", type: "long" }),
    record({ name: "n", type: "int" }),
    "cipherhorizon.portfolio.FundsDeposited.n: type changed from int to long, which not every " +
      "version can read; keep the type and add a field with a default",
  ],
  [
    "a null that older readers do not know",
    record({ name: "asset", type: ["null", "string"] }),
    record(asset),
    "cipherhorizon.portfolio.FundsDeposited.asset: type changed from string to null, which not " +
      "every version can read; keep the type and add a field with a default",
  ],
  [
    "a decimal of another scale",
    record({ name: "n", type: { ...decimalType, scale: 8 } }),
    record({ name: "n", type: decimalType }),
    "cipherhorizon.portfolio.FundsDeposited.n: type changed from decimal(38, 18) to " +
      "decimal(38, 8), which not every version can read; keep the type and add a field with a " +
      "default",
  ],
  [
    "a new symbol",
    record(side("buy", "sell", "unknown")),
    record(side("buy", "sell")),
    "cipherhorizon.portfolio.FundsDeposited.side, symbol unknown: new symbol, which older readers " +
      "do not know; keep the symbols and add a field with a default",
  ],
  [
    "a removed symbol",
    record(side("buy")),
    record(side("buy", "sell")),
    "cipherhorizon.portfolio.FundsDeposited.side, symbol sell: removed symbol, which events of " +
      "older versions hold; keep it",
  ],
  [
    "a field deep inside",
    record({
      name: "lots",
      type: { type: "array", items: lot(asset, { name: "n", type: "int" }) },
    }),
    record({ name: "lots", type: { type: "array", items: lot(asset) } }),
    "cipherhorizon.portfolio.FundsDeposited.lots[].n: new field without default, so events of " +
      "older versions cannot be read; give it a default",
  ],
  [
    "a field inside a map of nullable records",
    record({ name: "lots", type: { type: "map", values: ["null", lot()] } }),
    record({ name: "lots", type: { type: "map", values: ["null", lot(asset)] } }),
    "cipherhorizon.portfolio.FundsDeposited.lots{}.asset: removed field that had no default, so " +
      "older readers cannot do without it; keep it",
  ],
  [
    "a record of another name",
    { ...record(asset), name: "FundsWithdrawn" },
    record(asset),
    "cipherhorizon.portfolio.FundsWithdrawn: type changed from record " +
      "cipherhorizon.portfolio.FundsDeposited to record cipherhorizon.portfolio.FundsWithdrawn, " +
      "which not every version can read; keep the type and add a field with a default",
  ],
];

const ACCEPTED: readonly (readonly [string, RecordSchema, RecordSchema])[] = [
  ["the same schema", record(asset), record(asset)],
  [
    "a new field with a default",
    record(asset, { ...asset, name: "b", default: "" }),
    record(asset),
  ],
  ["a removed field that had a default", record(), record({ ...asset, default: "" })],
  ["fields in another order", record(asset, side("a")), record(side("a"), asset)],
  ["documentation", record({ ...asset, doc: "Which." }), record(asset)],
  [
    "union branches in another order",
    record({ name: "id", type: ["string", "null"] }),
    record({ name: "id", type: ["null", "string"] }),
  ],
  [
    "a type defined once and named again",
    record({ name: "one", type: lot(asset) }, { name: "two", type: "Lot" }),
    record({ name: "two", type: lot(asset) }, { name: "one", type: "Lot" }),
  ],
];

describe("versions of a schema", () => {
  for (const [title, newer, older, message] of REFUSED) {
    it(`do not go together with ${title}`, () => {
      expect(compatibilityProblems(newer, older)).to.deep.equal([message]);
    });
  }

  for (const [title, newer, older] of ACCEPTED) {
    it(`go together with ${title}`, () => {
      expect(compatibilityProblems(newer, older)).to.deep.equal([]);
      expect(compatibilityProblems(older, newer)).to.deep.equal([]);
    });
  }

  it("go together where avsc resolves both ways, and nowhere else", () => {
    fc.assert(
      fc.property(arbitraryRecord(), arbitraryRecord(), (newer, older) => {
        const refused = compatibilityProblems(newer, older);
        expect(refused.length === 0, refused.join("; ")).to.equal(resolveBothWays(newer, older));
      }),
      { numRuns: 3000 },
    );
  });
});

function resolveBothWays(newer: RecordSchema, older: RecordSchema): boolean {
  const [one, two] = [avroType(newer), avroType(older)];
  try {
    one.createResolver(two);
    two.createResolver(one);
    return true;
  } catch {
    return false;
  }
}

/** Records of up to two of the same few fields, so that many pairs are nearly the same. */
function arbitraryRecord(): fc.Arbitrary<RecordSchema> {
  const field = fc.record({ name: fc.constantFrom("a", "b"), type: arbitraryType() });
  const fields = fc.uniqueArray(field, { maxLength: 2, selector: ({ name }) => name });
  const withDefaults = fc.tuple(fields, fc.boolean()).map(([all, hasDefault]) => {
    return all.map((one) => {
      return hasDefault && one.type === "string" ? { ...one, default: "" } : one;
    });
  });
  return withDefaults.filter(definesEachOnce).map((all) => record(...all));
}

/** Avro takes the definition of a named type once. */
function definesEachOnce(fields: readonly AvroField[]): boolean {
  return fields.filter(({ type }) => JSON.stringify(type).includes("enum")).length < 2;
}

function arbitraryType(): fc.Arbitrary<AvroType> {
  const primitive = fc.constantFrom<AvroType>("int", "long", "double", "string", "boolean");
  const symbols = fc.constantFrom(["x"], ["x", "y"], ["y", "x"]);
  const leaf = fc.oneof(
    primitive,
    fc.constant(decimalType),
    fc.constantFrom<AvroType>(["null", "long"], ["null", "string", "long"], ["null", decimalType]),
  );
  return fc.oneof(
    leaf,
    symbols.map((all): AvroType => ({ type: "enum", name: "E", symbols: all })),
    leaf.map((items): AvroType => ({ type: "array", items })),
    leaf.map((values): AvroType => ({ type: "map", values })),
  );
}
