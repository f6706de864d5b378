import { at, type Call } from "./call.ts";
import { decimal, list, optional, shape, text } from "./shape.ts";

const point = shape({ at: text, equity: decimal, nav: optional(decimal) });

export type EquityPoint = ReturnType<typeof point>;

/** Equity in the portfolio's base currency, oldest first. */
export function getEquityCurve(id: string): Call<readonly EquityPoint[]> {
  return { ...at`/v1/portfolios/${id}/equity-curve`, read: list(point) };
}
