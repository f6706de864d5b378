import { z } from "zod";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { integerTextField, timeField } from "../../platform/fields/fields.ts";

const PAGE_ROWS = 100;
const LONGEST_PAGE_ROWS = 500;

/** The parameters of every paged query. */
export const pageParameters = {
  cursor: z.string().max(4_096).optional(),
  limit: integerTextField({ minimum: 1, maximum: LONGEST_PAGE_ROWS }).optional(),
};

export const timeRangeParameters = { from: timeField().optional(), to: timeField().optional() };

/** Epoch ms; `null` where the query names no border. A range that holds no moment is refused. */
export function timeRangeOf(query: Readonly<Record<string, unknown>>): {
  readonly fromMs: number | null;
  readonly toMs: number | null;
} {
  const [fromMs, toMs] = [numberOf(query["from"]), numberOf(query["to"])];
  if (fromMs === null || toMs === null || fromMs < toMs) return { fromMs, toMs };
  const detail = "from must lie before to";
  throw new PlatformError("INVALID_REQUEST", detail, {
    errors: [{ pointer: "/query/from", detail }],
  });
}

export function limitOf(query: Readonly<Record<string, unknown>>): number {
  return typeof query["limit"] === "number" ? query["limit"] : PAGE_ROWS;
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
