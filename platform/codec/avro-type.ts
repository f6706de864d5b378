import avsc from "avsc";
import { BoundedArrayType, BoundedMapType } from "./bounded-types.ts";
import { DecimalType } from "./decimal-type.ts";
import type { RecordSchema } from "./schema-files.ts";

/** avsc's type of a schema, with our decimals; unions hold plain values, longs safe integers. */
export function avroType(schema: RecordSchema): avsc.Type {
  return avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, {
    logicalTypes: { decimal: DecimalType },
    assertLogicalTypes: true,
    omitRecordMethods: true,
    typeHook: boundedType,
    wrapUnions: "never",
  });
}

function boundedType(schema: unknown, options: unknown): avsc.Type | undefined {
  const type = typeof schema === "object" && schema !== null && "type" in schema && schema.type;
  if (type === "array") return new BoundedArrayType(schema as avsc.Schema, options);
  if (type === "map") return new BoundedMapType(schema as avsc.Schema, options);
  return undefined;
}
