import avsc from "avsc";
import { DecimalType } from "./decimal-type.ts";
import type { RecordSchema } from "./schema-files.ts";

/** avsc's type of a schema, with our decimals; unions hold plain values, longs safe integers. */
export function avroType(schema: RecordSchema): avsc.Type {
  return avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, {
    logicalTypes: { decimal: DecimalType },
    assertLogicalTypes: true,
    omitRecordMethods: true,
    wrapUnions: "never",
  });
}
