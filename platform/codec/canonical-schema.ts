import type { RecordSchema } from "./schema-files.ts";

/**
 * The text by which two schemas are the same: whatever decides how bytes are written or read, in a
 * fixed order, without documentation. (Avro's own canonical form also drops defaults and logical
 * types, which decide what a reader sees.)
 */
export function canonicalText(schema: RecordSchema): string {
  return JSON.stringify(canonical(schema));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "doc");
  entries.sort(([one], [two]) => (one < two ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, canonical(inner)]));
}
