import { expect } from "chai";
import type { AvroField, AvroType, EventSchema } from "./schema-files.ts";
import { generateTypes } from "./type-generator.ts";

const decimalType: AvroType = { type: "bytes", logicalType: "decimal", precision: 38, scale: 18 };

function event(name: string, fields: readonly AvroField[], doc?: string): EventSchema {
  const namespace = "cipherhorizon.market_data";
  const schema = { type: "record", name, namespace, fields, ...(doc && { doc }) } as const;
  return { context: "market-data", name, fullName: `${namespace}.${name}`, version: 1, schema };
}

/** The lines of the one interface generated from these fields. */
function fieldLines(...fields: readonly AvroField[]): readonly string[] {
  const source = generateTypes("market-data", [event("Seen", fields)]);
  return /export interface Seen \{\n([^}]*)\}/.exec(source)?.[1]?.trimEnd().split("\n") ?? [];
}

describe("the generated types", () => {
  const types: readonly (readonly [AvroType, string])[] = [
    ["string", "string"],
    ["int", "number"],
    ["long", "number"],
    ["double", "number"],
    ["boolean", "boolean"],
    [decimalType, "Decimal"],
    [["null", decimalType], "Decimal | null"],
    [["null", "long", "string"], "number | string | null"],
    [{ type: "array", items: "long" }, "readonly number[]"],
    [{ type: "array", items: ["null", "string"] }, "readonly (string | null)[]"],
    [{ type: "map", values: "long" }, "Readonly<Record<string, number>>"],
  ];
  for (const [type, expected] of types) {
    it(`have ${expected} for ${JSON.stringify(type)}`, () => {
      expect(fieldLines({ name: "x", type })).to.deep.equal([`  readonly x: ${expected};`]);
    });
  }

  it("are one interface an event, a union of the context, and nothing else", () => {
    const fields: readonly AvroField[] = [
      { name: "symbol", type: "string", doc: "As the exchange spells it." },
      { name: "step", type: decimalType },
    ];
    const events = [
      event("Listed", fields, "An instrument is listed."),
      event("Delisted", [{ name: "atMs", type: "long" }]),
    ];
    expect(generateTypes("market-data", events)).to.equal(
      `// Generated from the Avro schemas by \`cipherhorizon schemas generate\`. Do not edit.
import type { Decimal } from "../../platform/kernel/decimal.ts";

/** An instrument is listed. */
export interface Listed {
  /** As the exchange spells it. */
  readonly symbol: string;
  readonly step: Decimal;
}

export interface Delisted {
  readonly atMs: number;
}

/** Every event of the context. */
export type MarketDataEvent =
  | { readonly type: "Listed"; readonly data: Listed; readonly occurredAtMs: number }
  | { readonly type: "Delisted"; readonly data: Delisted; readonly occurredAtMs: number };
`,
    );
  });

  it("declare nested records and enums before the event, once", () => {
    const side: AvroType = { type: "enum", name: "Side", symbols: ["buy", "sell"] };
    const tick: AvroType = { type: "record", name: "Tick", fields: [{ name: "side", type: side }] };
    const ticks: AvroField = { name: "ticks", type: { type: "array", items: tick } };
    const last: AvroField = { name: "last", type: "Tick" };
    const again = event("Again", [ticks]);
    const source = generateTypes("market-data", [event("Recorded", [ticks, last]), again]);
    const declared = [...source.matchAll(/^export (?:interface|type) (\w+)/gm)].map(
      ([, name]) => name,
    );
    expect(declared).to.deep.equal(["Side", "Tick", "Recorded", "Again", "MarketDataEvent"]);
    expect(source).to.contain('export type Side = "buy" | "sell";');
    expect(source).to.contain("readonly last: Tick;");
    expect(source).not.to.contain("import");
  });

  it("refuse two types of one name", () => {
    const one: AvroType = { type: "record", name: "Lot", fields: [{ name: "n", type: "long" }] };
    const two: AvroType = { ...one, fields: [{ name: "n", type: "string" }] };
    const events = [one, two].map((type, index) => event(`Seen${index}`, [{ name: "lot", type }]));
    expect(() => generateTypes("market-data", events)).to.throw("two types are named Lot");
  });

  it("refuse a line that would be too long to read", () => {
    const field: AvroField = { name: "n".repeat(100), type: "string" };
    expect(() => fieldLines(field)).to.throw(RangeError, "line too long");
  });
});
