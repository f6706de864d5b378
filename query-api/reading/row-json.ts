import { z } from "zod";

/** Columns whose name stays when the unit goes. */
const KEPT = /(At|Time|^from|^to)$/;

/** A row as the API shows it: epoch milliseconds (`…Ms`) become ISO-8601 (`…At`, `…Time`). */
export function rowJson(row: object): Record<string, unknown> {
  const members = Object.entries(row).map(([name, value]) => {
    return name.endsWith("Ms") ? isoMember(name.slice(0, -2), value) : [name, nested(value)];
  });
  return Object.fromEntries(members);
}

function isoMember(name: string, value: unknown): [string, unknown] {
  const isoName = KEPT.test(name) ? name : `${name}At`;
  return [isoName, typeof value === "number" ? new Date(value).toISOString() : value];
}

function nested(value: unknown): unknown {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? rowJson(value)
    : value;
}

/** Fields of answers, for the API document. */
export const shown = {
  decimal: z.string().meta({ format: "decimal", example: "61837.63" }),
  time: z.string().meta({ format: "date-time" }),
  text: z.string(),
  count: z.int().min(0),
};
