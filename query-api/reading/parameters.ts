import { z } from "zod";
import { integerTextField, timeField } from "../../platform/fields/fields.ts";

const PAGE_ROWS = 100;
const LONGEST_PAGE_ROWS = 500;

/** The parameters of every paged query. */
export const pageParameters = {
  cursor: z.string().max(4_096).optional(),
  limit: integerTextField({ minimum: 1, maximum: LONGEST_PAGE_ROWS }).optional(),
};

export const timeRangeParameters = { from: timeField().optional(), to: timeField().optional() };

export function limitOf(query: Readonly<Record<string, unknown>>): number {
  return typeof query["limit"] === "number" ? query["limit"] : PAGE_ROWS;
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
