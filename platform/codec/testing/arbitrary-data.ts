import fc from "fast-check";
import { type Decimal, fromUnscaled } from "../../kernel/decimal.ts";
import { type AvroType, isUnion, type RecordSchema } from "../schema-files.ts";

const LARGEST_UNSCALED = 10n ** 38n - 1n;

/** Any decimal there is, small ones and those of few digits often. */
export function arbitraryDecimal(): fc.Arbitrary<Decimal> {
  const any = fc.bigInt({ min: -LARGEST_UNSCALED, max: LARGEST_UNSCALED });
  const small = fc.bigInt({ min: -1000n, max: 1000n });
  const short = fc.tuple(fc.bigInt({ min: -9999n, max: 9999n }), fc.integer({ min: 0, max: 34 }));
  const padded = short.map(([digits, zeros]) => digits * 10n ** BigInt(zeros));
  return fc.oneof(any, small, padded).map(fromUnscaled);
}

/** Any data that fits the schema. */
export function arbitraryData(schema: RecordSchema): fc.Arbitrary<Record<string, unknown>> {
  const fields = schema.fields.map((field) => [field.name, arbitraryOf(field.type)]);
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
}

function arbitraryOf(type: AvroType): fc.Arbitrary<unknown> {
  if (typeof type === "string") return arbitraryPrimitive(type);
  if (isUnion(type)) return fc.oneof(...type.map(arbitraryOf));
  switch (type.type) {
    case "record":
      return arbitraryData(type);
    case "enum":
      return fc.constantFrom(...type.symbols);
    case "array":
      return fc.array(arbitraryOf(type.items), { maxLength: 4 });
    case "map":
      return fc.dictionary(arbitraryKey(), arbitraryOf(type.values), { noNullPrototype: true });
    case "bytes":
      return arbitraryDecimal();
  }
}

/** A JavaScript object cannot hold every key as its own. */
function arbitraryKey(): fc.Arbitrary<string> {
  return fc.string({ unit: "binary" }).filter((key) => key !== "__proto__");
}

function arbitraryPrimitive(name: string): fc.Arbitrary<unknown> {
  switch (name) {
    case "string":
      return fc.string({ unit: "binary" });
    case "int":
      return fc.integer();
    case "long":
      return fc.maxSafeInteger();
    case "double":
      return fc.double();
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      throw new RangeError(`no values of ${name} can be made; named types are defined where used`);
  }
}
