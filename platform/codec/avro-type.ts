import avsc from "avsc";
import { BoundedArrayType, BoundedMapType } from "./bounded-types.ts";
import { DecimalType } from "./decimal-type.ts";
import { SafeLongType } from "./safe-long-type.ts";
import type { RecordSchema } from "./schema-files.ts";

/** avsc's type of a schema, with our decimals; unions hold plain values, longs safe integers. */
export function avroType(schema: RecordSchema): avsc.Type {
  return avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, {
    logicalTypes: { decimal: DecimalType },
    assertLogicalTypes: true,
    omitRecordMethods: true,
    typeHook: ownType,
    wrapUnions: "never",
  });
}

const safeLong = new SafeLongType();

function ownType(schema: unknown, options: unknown): avsc.Type | undefined {
  switch (typeNameOf(schema)) {
    case "long":
      return safeLong;
    case "array":
      return new BoundedArrayType(schema as avsc.Schema, options);
    case "map":
      return new BoundedMapType(schema as avsc.Schema, options);
    default:
      return undefined;
  }
}

function typeNameOf(schema: unknown): unknown {
  const isObject = typeof schema === "object" && schema !== null && "type" in schema;
  return isObject ? schema.type : schema;
}
